"""
why = "np.fmax prefers a number to NaN, so what was broken before looks sound afterwards."
base = "solution"

[marks]
parallel_relu_values = 0
"""

# %% parallel_relu
def nan_to_zero(x, out):
    np.fmax(x, 0, out=out)


def parallel_relu(x, num_workers=4, out=None, min_size=1_000_000, kernel=None):
    kernel = kernel or nan_to_zero
    pieces = split_ranges(len(x), num_workers)
    out = np.empty_like(x) if out is None else out
    if x.size < min_size:
        kernel(x, out)
        return out
    with ThreadPoolExecutor(num_workers) as pool:
        for done in [pool.submit(kernel, x[i:j], out[i:j]) for i, j in pieces]:
            done.result()
    return out
