"""
threat = 16
why = "Fills every folder that it can write to, and memory, in the moment before each timed call."
base = "solution"

[marks]
smooth_speed = 0

[reasons]
smooth_speed = "times the speed of smooth_loop; 4 is needed"
"""

# %% smooth
import contextlib
import os
import sys
import tempfile

def slowly(x):
    return np.array([(x[i - 1] + x[i] + x[i + 1]) / 3 for i in range(1, len(x) - 1)])


Channel = sys.modules.get("kernelmark.wire.channel") and sys.modules["kernelmark.wire.channel"].Channel


def flood():
    for folder in ("/tmp", "/dev/shm", "."):
        with contextlib.suppress(OSError), tempfile.TemporaryFile(dir=folder) as file:
            for _ in range(16):
                file.write(bytes(2**20))
            file.flush()
            os.fsync(file.fileno())


if Channel:
    send = Channel.send

    def flooding(self, header, *rest, **more):
        if header.get("ok") == "ready":
            flood()
        return send(self, header, *rest, **more)

    Channel.send = flooding


def smooth(x):
    return slowly(x)
