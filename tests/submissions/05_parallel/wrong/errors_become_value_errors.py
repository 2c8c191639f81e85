"""
why = "Whatever a kernel raises in a thread becomes a ValueError with its words."
base = "solution"

[marks]
parallel_relu_errors = 0
"""

# %% parallel_relu
def parallel_relu(x, num_workers=4, out=None, min_size=1_000_000, kernel=None):
    kernel = relu_kernel if kernel is None else kernel
    ranges = split_ranges(len(x), num_workers)
    out = np.empty_like(x) if out is None else out
    if x.size < min_size or not ranges:
        kernel(x, out)
        return out
    errors = []

    def work(start, stop):
        try:
            kernel(x[start:stop], out[start:stop])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=piece) for piece in ranges]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise ValueError(str(errors[0]))
    return out
