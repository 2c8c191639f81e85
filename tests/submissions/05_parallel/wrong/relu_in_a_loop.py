"""
why = "Cuts the array and works through the pieces one after the other."
base = "solution"

[marks]
parallel_relu_overlap = 0

[reasons]
parallel_relu_overlap = "at most 1 of 2 calls"
"""

# %% parallel_relu
def parallel_relu(x, num_workers=4, out=None, min_size=1_000_000, kernel=None):
    kernel = kernel or relu_kernel
    pieces = split_ranges(len(x), num_workers)
    out = np.empty_like(x) if out is None else out
    if x.size < min_size:
        pieces = [(0, len(x))]
    for start, stop in pieces:
        kernel(x[start:stop], out[start:stop])
    return out
