"""
why = "The product gets the dtype of A, so int @ float is cut down."
base = "solution"

[marks]
matmul_parallel_dtype_and_views = 0
matmul_parallel_processes_edges = 0
"""

# %% matmul_parallel
def matmul_parallel(A, B, num_processes=None, kernel=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"cannot multiply {A.shape} by {B.shape}")
    kernel = kernel or (lambda a, b, out: np.matmul(a, b, out=out, casting="unsafe"))
    pieces = split_ranges(len(A), num_processes if num_processes is not None else os.cpu_count())
    C = np.empty((len(A), B.shape[1]), A.dtype)
    if len(A) < 20:
        kernel(A, B, C)
        return C
    with ThreadPoolExecutor(len(pieces)) as pool:
        for done in [pool.submit(kernel, A[i:j], B, C[i:j]) for i, j in pieces]:
            done.result()
    return C

# %% matmul_parallel_processes
def matmul_parallel_processes(A, B, num_processes=2, kernel=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"cannot multiply {A.shape} by {B.shape}")
    kernel = kernel or (lambda a, b, out: np.matmul(a, b, out=out, casting="unsafe"))
    pieces = split_ranges(len(A), num_processes)
    segments = []

    def shared(shape, dtype):
        segments.append(SharedMemory(create=True, size=max(1, int(np.prod(shape)) * np.dtype(dtype).itemsize)))
        return np.ndarray(shape, dtype, segments[-1].buf)

    try:
        a, b, c = shared(A.shape, A.dtype), shared(B.shape, B.dtype), shared((len(A), B.shape[1]), A.dtype)
        a[...], b[...] = A, B
        fork = multiprocessing.get_context("fork")
        workers = [fork.Process(target=kernel, args=(a[i:j], b, c[i:j])) for i, j in pieces]
        [worker.start() for worker in workers]
        [worker.join() for worker in workers]
        if any(worker.exitcode for worker in workers):
            raise RuntimeError("a worker failed")
        return c.copy()
    finally:
        a = b = c = workers = None
        for segment in segments:
            segment.unlink()
            segment.close()
