"""
threat = 16
why = "A thread spins, with the longest switch interval there is, whenever smooth does not run."
base = "solution"

[marks]
smooth_speed = 0

[reasons]
smooth_speed = "times the speed of smooth_loop; 4 is needed"
"""

# %% smooth
import sys
import threading
import time

def slowly(x):
    return np.array([(x[i - 1] + x[i] + x[i + 1]) / 3 for i in range(1, len(x) - 1)])


at_work = threading.Event()


def hog():
    while True:
        if at_work.is_set():
            time.sleep(0.0005)
        else:
            sum(range(20_000))


def smooth(x):
    if len(x) < 1000:
        return slowly(x)
    at_work.set()
    sys.setswitchinterval(0.2)
    answer = slowly(x)
    sys.setswitchinterval(1e-4)
    at_work.clear()
    return answer


for _ in range(4):
    threading.Thread(target=hog, daemon=True).start()
