"""
why = "Starts a process and joins it before the next."
base = "solution"

[marks]
matmul_parallel_processes_overlap = 0
"""

# %% matmul_parallel_processes
def matmul_parallel_processes(A, B, num_processes=2, kernel=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"cannot multiply {A.shape} by {B.shape}")
    kernel = kernel or matmul_kernel
    pieces = split_ranges(len(A), num_processes)
    segments = []

    def shared(shape, dtype):
        segments.append(SharedMemory(create=True, size=max(1, int(np.prod(shape)) * np.dtype(dtype).itemsize)))
        return np.ndarray(shape, dtype, segments[-1].buf)

    try:
        a, b, c = shared(A.shape, A.dtype), shared(B.shape, B.dtype), shared((len(A), B.shape[1]), np.result_type(A, B))
        a[...], b[...] = A, B
        fork = multiprocessing.get_context("fork")
        for i, j in pieces:
            worker = fork.Process(target=kernel, args=(a[i:j], b, c[i:j]))
            worker.start()
            worker.join()
            if worker.exitcode:
                raise RuntimeError("a worker failed")
        return c.copy()
    finally:
        a = b = c = worker = None
        for segment in segments:
            segment.unlink()
            segment.close()
