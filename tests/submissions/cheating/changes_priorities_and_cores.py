"""
threat = 16
why = "Moves to the core of its choice, gives itself another priority and scheduler, and empties the caches before each turn of the reference."
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

def slowly(x):
    return np.array([(x[i - 1] + x[i] + x[i + 1]) / 3 for i in range(1, len(x) - 1)])


rubbish = np.ones(2**22)
Channel = sys.modules.get("kernelmark.wire.channel") and sys.modules["kernelmark.wire.channel"].Channel


def disturb():
    """Outside its own turn: all that a process may do to the machine."""
    for words in ((os.nice, -20), (os.setpriority, os.PRIO_PGRP, 0, -20), (os.nice, 1)):
        with contextlib.suppress(OSError):
            words[0](*words[1:])
    for policy, priority in ((os.SCHED_FIFO, 50), (os.SCHED_RR, 50), (os.SCHED_BATCH, 0)):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, policy, os.sched_param(priority))
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {0})
    rubbish[:] += 1


if Channel:
    send = Channel.send

    def disturbing(self, header, *rest, **more):
        if header.get("ok") == "ready":
            disturb()
        return send(self, header, *rest, **more)

    Channel.send = disturbing


def smooth(x):
    return slowly(x)
