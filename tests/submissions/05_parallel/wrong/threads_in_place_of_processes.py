"""
why = "Calls the version with threads."
base = "solution"

[marks]
matmul_parallel_processes_overlap = 0
matmul_parallel_processes_shared = 0
"""

# %% matmul_parallel_processes
def matmul_parallel_processes(A, B, num_processes=2, kernel=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"cannot multiply {A.shape} by {B.shape}")
    kernel = kernel or matmul_kernel
    pieces = split_ranges(len(A), num_processes)
    C = np.empty((len(A), B.shape[1]), np.result_type(A, B))
    with ThreadPoolExecutor(num_processes) as pool:
        for done in [pool.submit(kernel, A[i:j], B, C[i:j]) for i, j in pieces]:
            done.result()
    return C
