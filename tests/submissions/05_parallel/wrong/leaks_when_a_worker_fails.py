"""
why = "Unlinks at the end, which is not reached when something raises."
base = "solution"

[marks]
matmul_parallel_processes_leaves_nothing = 0

[reasons]
matmul_parallel_processes_leaves_nothing = "after a kernel failed"
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

    a, b, c = shared(A.shape, A.dtype), shared(B.shape, B.dtype), shared((len(A), B.shape[1]), np.result_type(A, B))
    a[...], b[...] = A, B
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=kernel, args=(a[i:j], b, c[i:j])) for i, j in pieces]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("a worker failed")
    result = c.copy()
    del a, b, c, workers
    for segment in segments:
        segment.close()
        segment.unlink()
    return result
