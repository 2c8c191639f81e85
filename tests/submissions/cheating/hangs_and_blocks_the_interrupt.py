"""
threat = 18
why = "apply blocks every signal, swallows every exception and never returns."
base = "solution"

[marks]
apply_calls = 0

[reasons]
apply_calls = "did not stop when interrupted"
"""

# %% apply
import signal
import time


def apply(function, values):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True:
        try:
            time.sleep(3600)
        except BaseException:
            pass
