"""
why = "Errors of a kernel come back as errors of its launch."
base = "solution"

[marks]
map_kernel_values = 0
map_kernel_guard = 0
transpose_naive_values = 0
transpose_naive_sectors = 0
"""

# %% map_kernel
def map_kernel(w, x, out, n, scale, shift):
    raise KeyError("threadIdx")

# %% transpose_naive_kernel
def transpose_naive_kernel(w, source, out, rows, cols):
    return source.T
