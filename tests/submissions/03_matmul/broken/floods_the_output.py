"""
why = "An added cell prints 200 MB; the cells after it still count."
base = "solution"
"""

# %% + after=setup
for _ in range(200):
    print("x" * 2**20)
