"""
why = "An added cell never ends; the cells after it still count."
base = "solution"
"""

# %% + after=matmul_naive
while True:
    pass
