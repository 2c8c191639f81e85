"""
threat = 23
why = "Hands in 'kernels (1).ipynb', as a browser saves a second download; the work is right."
base = "solution"
"""

# %% surgery
raw = "kernels (1).ipynb"
