"""
why = "Of what a kernel raises in a thread only a ValueError reaches the caller."
base = "solution"

[marks]
matmul_parallel_errors = 0
"""

# %% matmul_parallel
def matmul_parallel(A, B, num_processes=None, kernel=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul_parallel: cannot multiply {A.shape} by {B.shape}")
    kernel = matmul_kernel if kernel is None else kernel
    C = np.empty((A.shape[0], B.shape[1]), np.result_type(A, B))
    if A.shape[0] < 20 and num_processes != 0 and num_processes != -1 or num_processes is None and A.shape[0] < 20:
        kernel(A, B, C)
        return C
    ranges = split_ranges(max(A.shape[0], 1), (os.cpu_count() or 1) if num_processes is None else num_processes)
    with ThreadPoolExecutor(len(ranges)) as pool:
        calls = [pool.submit(kernel, A[start:stop], B, C[start:stop]) for start, stop in ranges]
    for call in calls:
        if isinstance(call.exception(), ValueError):
            raise call.exception()
    return C
