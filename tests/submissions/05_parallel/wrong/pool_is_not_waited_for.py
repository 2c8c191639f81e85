"""
why = "Its pools are shut down without waiting: where one call fails, the others go on after the function has ended."
base = "solution"

[marks]
parallel_relu_errors = 0
parallel_batch_processing_errors = 0
matmul_parallel_errors = 0
"""

# %% parallel_relu
def parallel_relu(x, num_workers=4, out=None, min_size=1_000_000, kernel=None):
    kernel = relu_kernel if kernel is None else kernel
    ranges = split_ranges(len(x), num_workers)
    out = np.empty_like(x) if out is None else out
    if x.size < min_size or not ranges:
        kernel(x, out)
        return out
    pool = ThreadPoolExecutor(len(ranges))
    calls = [pool.submit(kernel, x[start:stop], out[start:stop]) for start, stop in ranges]
    pool.shutdown(wait=False)
    for call in calls:
        call.result()
    return out

# %% parallel_batch_processing
def parallel_batch_processing(batch_data, operation, num_workers=4):
    if num_workers < 1:
        raise ValueError("num_workers must be at least 1")
    pool = ThreadPoolExecutor(num_workers)
    calls = [pool.submit(operation, item) for item in batch_data]
    pool.shutdown(wait=False)
    return [call.result() for call in calls]

# %% matmul_parallel
def matmul_parallel(A, B, num_processes=None, kernel=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul_parallel: cannot multiply {A.shape} by {B.shape}")
    kernel = matmul_kernel if kernel is None else kernel
    ranges = split_ranges(A.shape[0], (os.cpu_count() or 1) if num_processes is None else num_processes)
    C = np.empty((A.shape[0], B.shape[1]), np.result_type(A, B))
    if A.shape[0] < 20:
        kernel(A, B, C)
        return C
    pool = ThreadPoolExecutor(len(ranges))
    calls = [pool.submit(kernel, A[start:stop], B, C[start:stop]) for start, stop in ranges]
    pool.shutdown(wait=False)
    for call in calls:
        call.result()
    return C
