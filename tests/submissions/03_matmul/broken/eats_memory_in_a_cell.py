"""
why = "An added cell allocates until it is stopped; the cells after it still count."
base = "solution"
"""

# %% + after=cache_sim
hoard = []
while True:
    hoard.append(np.ones(8 * 2**20))
