"""
why = "Ignores min_size and starts threads for a hundred elements."
base = "solution"

[marks]
small_work_on_the_calling_thread = 0
parallel_relu_small_stays = 0
"""

# %% parallel_relu
def parallel_relu(x, num_workers=4, out=None, min_size=1_000_000, kernel=None):
    kernel = kernel or relu_kernel
    pieces = split_ranges(len(x), num_workers)
    out = np.empty_like(x) if out is None else out
    with ThreadPoolExecutor(num_workers) as pool:
        for done in [pool.submit(kernel, x[i:j], out[i:j]) for i, j in pieces]:
            done.result()
    return out
