"""
threat = 18
why = "add starts processes, in four ways, that start processes; each sleeps in a session of its own."
base = "solution"

[marks]
add_small = 0
add_arrays = 0

[reasons]
add_small = "Operation not permitted"
"""

# %% add
import os
import subprocess
import sys
import time


def sleepers():
    for _ in range(10):
        if os.fork() == 0:
            os.setsid()
            os.fork()
            time.sleep(40)
            os._exit(0)


def add(a, b):
    for start in (
        lambda: os.posix_spawn(sys.executable, ["python", "-c", "import time; time.sleep(40)"], {}),
        lambda: subprocess.Popen(["/bin/sh", "-c", "sleep 40 &"], start_new_session=True),
        lambda: os.system("setsid sleep 40 &"),
    ):
        try:
            start()
        except OSError:
            pass
    sleepers()
    return a + b
