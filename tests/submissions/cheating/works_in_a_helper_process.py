"""
threat = 12
why = "Has another process do the work and waits for it: its CPU time is on nobody's account."
base = "solution"

[marks]
smooth_speed = 0

[reasons]
smooth_speed = "not permitted"
"""

# %% smooth
import os
import signal

def slowly(x):
    return np.array([(x[i - 1] + x[i] + x[i + 1]) / 3 for i in range(1, len(x) - 1)])


def smooth(x):
    if len(x) < 1000:
        return slowly(x)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no account is kept of a child that nobody waits for
    answers, of_the_child = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(of_the_child, "wb") as pipe:
            pipe.write(slowly(x).tobytes())
        os._exit(0)
    os.close(of_the_child)
    with os.fdopen(answers, "rb") as pipe:
        return np.frombuffer(pipe.read())
