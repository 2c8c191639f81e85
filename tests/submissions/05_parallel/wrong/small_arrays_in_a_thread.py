"""
why = "Small arrays are not cut, but worked on in a thread of their own, which costs more than the work."
base = "solution"

[marks]
small_work_on_the_calling_thread = 0

[reasons]
small_work_on_the_calling_thread = "on the calling thread"
"""

# %% parallel_relu
def parallel_relu(x, num_workers=4, out=None, min_size=1_000_000, kernel=None):
    kernel = relu_kernel if kernel is None else kernel
    ranges = split_ranges(len(x), num_workers)
    out = np.empty_like(x) if out is None else out
    if x.size < min_size or not ranges:
        ranges = [(0, len(x))]
    with ThreadPoolExecutor(len(ranges)) as pool:
        calls = [pool.submit(kernel, x[start:stop], out[start:stop]) for start, stop in ranges]
    for call in calls:
        call.result()
    return out


# %% matmul_parallel
def matmul_parallel(A, B, num_processes=None, kernel=None):
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul_parallel: cannot multiply {A.shape} by {B.shape}; the inner extents must agree")
    kernel = matmul_kernel if kernel is None else kernel
    ranges = split_ranges(A.shape[0], (os.cpu_count() or 1) if num_processes is None else num_processes)
    C = np.empty((A.shape[0], B.shape[1]), np.result_type(A, B))
    if A.shape[0] < 20:
        ranges = [(0, A.shape[0])]
    with ThreadPoolExecutor(len(ranges)) as pool:
        calls = [pool.submit(kernel, A[start:stop], B, C[start:stop]) for start, stop in ranges]
    for call in calls:
        call.result()
    return C
