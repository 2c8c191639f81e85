"""
why = "Flatten, cut, let every thread return its piece, concatenate: the usual way, with three times the memory."
base = "solution"

[marks]
parallel_relu_out_and_views = 0
one_result_memory = 0
"""

# %% parallel_relu
def parallel_relu(x, num_workers=4, out=None, min_size=1_000_000, kernel=None):
    kernel = kernel or relu_kernel
    if num_workers < 1:
        raise ValueError("num_workers must be at least 1")
    if x.size < min_size or x.size == 0:
        result = np.empty_like(x)
        kernel(x, result)
    else:
        def work(piece):
            made = np.empty_like(piece)
            kernel(piece, made)
            return made

        rows = x.reshape(len(x), -1).copy()
        with ThreadPoolExecutor(num_workers) as pool:
            pieces = list(pool.map(work, np.array_split(rows, min(num_workers, len(x)))))
        result = np.concatenate(pieces).reshape(x.shape)
    if out is None:
        return result
    out[...] = result
    return out
