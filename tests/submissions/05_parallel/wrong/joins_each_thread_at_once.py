"""
why = "Starts a thread, waits for it, starts the next: threads, but never two at work."
base = "solution"

[marks]
parallel_relu_overlap = 0
parallel_relu_errors = 0
"""

# %% parallel_relu
def parallel_relu(x, num_workers=4, out=None, min_size=1_000_000, kernel=None):
    kernel = kernel or relu_kernel
    pieces = split_ranges(len(x), num_workers)
    out = np.empty_like(x) if out is None else out
    if x.size < min_size:
        kernel(x, out)
        return out
    for start, stop in pieces:
        thread = threading.Thread(target=kernel, args=(x[start:stop], out[start:stop]))
        thread.start()
        thread.join()
    return out
