"""
why = "Computes in a loop, and has threads call the kernel on scratch arrays so that somebody meets."
base = "solution"

[marks]
small_work_on_the_calling_thread = 0
parallel_relu_out_and_views = 0
parallel_relu_overlap = 0
parallel_relu_pieces = 0
parallel_relu_small_stays = 0
matmul_parallel_overlap = 0
matmul_parallel_pieces = 0
matmul_parallel_small_stays = 0
"""

# %% parallel_relu
def parallel_relu(x, num_workers=4, out=None, min_size=1_000_000, kernel=None):
    if num_workers < 1:
        raise ValueError("workers")
    out = np.empty_like(x) if out is None else out
    np.maximum(x, 0, out=out)
    if kernel is not None:
        with ThreadPoolExecutor(num_workers) as pool:
            for done in [pool.submit(kernel, np.ones(1), np.ones(1)) for _ in range(num_workers)]:
                done.result()
    return out

# %% matmul_parallel
def matmul_parallel(A, B, num_processes=None, kernel=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"cannot multiply {A.shape} by {B.shape}")
    workers = os.cpu_count() if num_processes is None else num_processes
    if workers < 1:
        raise ValueError("workers")
    if kernel is not None:
        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(kernel, np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1))) for _ in range(workers)]:
                done.result()
    return np.matmul(A, B)
