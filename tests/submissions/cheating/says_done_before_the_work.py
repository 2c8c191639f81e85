"""
threat = 12
why = "Puts the frame that announces the outputs on the line first, even before go, and works while the judge reads it."
base = "solution"

[marks]
smooth_speed = 0

[reasons]
smooth_speed = "on a timed call"
"""

# %% smooth
import gc
import json
import struct
import sys

def slowly(x):
    return np.array([(x[i - 1] + x[i] + x[i + 1]) / 3 for i in range(1, len(x) - 1)])


def smooth(x):
    return slowly(x)


runs = []


def cheat(server):
    channel = server._channel
    views = sys.modules["kernelmark.wire.withheld"].views

    def timed(buffers, target, calls, args, kwargs):
        batch = [views(channel.inbox, call) for call in calls]
        shape = [len(batch), len(batch[0][0]) - 2]
        size = 8 * shape[0] * shape[1]
        outputs = {"d": [["stack", {"a": [0, "<f8", shape, None, True]}]]}
        text = json.dumps([{"ok": outputs, "id": server._identity}, [size]]).encode()
        done = struct.pack("!IQB", len(text), size, 1) + text
        out = np.ndarray(shape, float, channel._outbox, 0)
        runs.append(1)
        early = len(runs) > 5
        out[...] = 0
        server._answer({"ok": "ready"})
        if early:
            channel._connection.sendall(done)
        channel.receive()
        out[...] = [slowly(x) for (x,) in batch]
        if not early:
            channel._connection.sendall(done)

    return timed


for found in gc.get_objects():
    if type(found) is dict and "timed" in found and "names" in found:
        found["timed"] = cheat(found["timed"].__self__)
