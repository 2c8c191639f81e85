"""
threat = 12
why = "Says done at once, around a payload that takes long to copy. A kernel timer then continues the stopped process, which fills the answer in."
base = "solution"

[marks]
smooth_speed = 0

[reasons]
smooth_speed = "on a timed call"
"""

# %% smooth
import ctypes
import gc
import json
import struct
import sys
import time

libc = ctypes.CDLL(None)


def timers(count, signal_number):
    """Return kernel timers that send this process a signal, stopped or not."""
    made = []
    for _ in range(count):
        event, timer = (ctypes.c_char * 64)(), ctypes.c_void_p()
        struct.pack_into("qii", event, 0, 0, signal_number, 0)
        if libc.timer_create(time.CLOCK_MONOTONIC, event, ctypes.byref(timer)):
            break
        made.append(timer)
    return made


def go_off(timers, first_ns, every_ns):
    specs = [struct.pack("qqqq", 0, 0, 0, first_ns + at * every_ns) for at in range(len(timers))]
    for timer, spec in zip(timers, specs):
        libc.timer_settime(timer, 0, spec, None)


def slowly(x):
    return np.array([(x[i - 1] + x[i] + x[i + 1]) / 3 for i in range(1, len(x) - 1)])


def smooth(x):
    return slowly(x)


PADDING = 60 * 2**20
awake = timers(20, 18)  # SIGCONT
runs = []


def cheat(server):
    channel = server._channel
    views = sys.modules["kernelmark.wire.withheld"].views

    def timed(buffers, target, calls, args, kwargs):
        batch = [views(channel.inbox, call) for call in calls]
        server._answer({"ok": "ready"})
        channel.receive()
        shape = [len(batch), len(batch[0][0]) - 2]
        size = 8 * shape[0] * shape[1]
        outputs = {"d": [["stack", {"a": [1, "<f8", shape, None, True]}]]}
        text = json.dumps([{"ok": outputs, "id": server._identity}, [PADDING, size, PADDING]]).encode()
        out = np.ndarray(shape, float, channel._outbox, PADDING)
        out[...] = 0
        runs.append(1)
        if len(runs) > 5:  # the warm-up is honest: one call a value
            go_off(awake, 4_000_000, 2_000_000)
        else:
            out[...] = [slowly(x) for (x,) in batch]
        channel._connection.sendall(struct.pack("!IQB", len(text), 2 * PADDING + size, 1) + text)
        time.sleep(0.002)  # stopped in here
        if len(runs) > 5:
            out[...] = [slowly(x) for (x,) in batch]

    return timed


for found in gc.get_objects():
    if type(found) is dict and "timed" in found and "names" in found:
        found["timed"] = cheat(found["timed"].__self__)
