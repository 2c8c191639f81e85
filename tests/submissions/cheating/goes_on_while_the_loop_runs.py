"""
threat = 16
why = "Asks for SIGCONT by kernel timers, timer descriptors and messages, and spins against the reference whenever it is not its own turn."
base = "solution"

[marks]
smooth_speed = 0

[reasons]
smooth_speed = "times the speed of smooth_loop; 4 is needed"
"""

# %% smooth
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys
import threading
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


awake = timers(50, signal.SIGCONT)
mine, other = socket.socketpair()
with contextlib.suppress(OSError):
    fcntl.fcntl(mine, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(mine, fcntl.F_SETFL, os.O_ASYNC)
    fcntl.fcntl(mine, 10, signal.SIGCONT)  # F_SETSIG
with contextlib.suppress(OSError):
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGCONT))
signal.signal(signal.SIGTSTP, signal.SIG_IGN)

at_work = threading.Event()
at_work.set()


def hog():
    while True:
        time.sleep(0.001)
        while not at_work.is_set():
            sum(range(10_000))


threading.Thread(target=hog, daemon=True).start()
Channel = sys.modules.get("kernelmark.wire.channel") and sys.modules["kernelmark.wire.channel"].Channel

if Channel:
    send = Channel.send

    def hogging(self, header, *rest, **more):
        go_off(awake, 4_000_000, 1_000_000)
        return send(self, header, *rest, **more)

    Channel.send = hogging


def slowly(x):
    return np.array([(x[i - 1] + x[i] + x[i + 1]) / 3 for i in range(1, len(x) - 1)])


def smooth(x):
    if len(x) < 1000:
        return slowly(x)
    at_work.set()
    answer = slowly(x)
    at_work.clear()
    return answer
