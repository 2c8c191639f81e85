"""
threat = 23
why = "A slow import, a slow first cell, a plot in a cell and one in a function; the work is right."
base = "solution"
"""

# %% + before=add
import time

import slowly

time.sleep(0.3)

# %% add
import matplotlib.pyplot as plt


def add(a, b):
    plt.figure()
    plt.plot([1, 2], [3, 4])
    return a + b


plt.plot(np.arange(5))
plt.show()

# %% file:slowly.py
import time

time.sleep(0.3)
