"""
threat = 11
why = "A handler of its own looks at where the inputs will lie, works on what it finds there while nobody measures, and keeps looking from a thread."
base = "solution"

[marks]
smooth_speed = 0

[reasons]
smooth_speed = "on a timed call"
"""

# %% smooth
import gc
import sys
import threading
import time

def slowly(x):
    return np.array([(x[i - 1] + x[i] + x[i + 1]) / 3 for i in range(1, len(x) - 1)])


def smooth(x):
    return slowly(x) if len(x) < 1000 else early.get(len(early), x[1:-1])


early = {}


def cheat(server, honest):
    wire = sys.modules["kernelmark.wire.withheld"]

    def timed(buffers, target, calls, args, kwargs):
        known = [wire.views(server._channel.inbox, call) for call in calls]
        done = threading.Event()

        def look():
            while not done.is_set():
                early["work"] = [slowly(*inputs) for inputs in known[:1]]

        thread = threading.Thread(target=look)
        thread.start()
        time.sleep(0.02)
        done.set()
        thread.join()
        server._answer({"ok": "ready"})
        server._channel.receive()
        encoder = sys.modules["kernelmark.wire.values"].Encoder(server._objects.leave, contiguous=True)
        reply = {"ok": encoder.encode(early["work"] * len(known))}
        server._answer(reply, encoder.sent.buffers, through_region=True)

    return timed


for found in gc.get_objects():
    if type(found) is dict and "timed" in found and "names" in found:
        found["timed"] = cheat(found["timed"].__self__, found["timed"])
