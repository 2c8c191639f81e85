"""
why = "A kernel that waits at barriers for ever is stopped; the other cells keep their points."
base = "solution"

[marks]
map_kernel_values = 0
map_kernel_guard = 0
"""

# %% map_kernel
def map_kernel(w, x, out, n, scale, shift):
    while True:
        yield
