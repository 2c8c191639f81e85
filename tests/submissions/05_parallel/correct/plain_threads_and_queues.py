"""
why = "threading.Thread, a queue and lists of errors in the place of executors; the calling thread does a share itself."
base = "solution"
"""

# %% split_ranges
def split_ranges(n, parts):
    if parts < 1:
        raise ValueError("parts must be at least 1")
    if n < 0:
        raise ValueError("n must not be negative")
    parts = min(n, parts)
    edges = [n * i // parts for i in range(parts + 1)] if parts else [0]
    return list(zip(edges, edges[1:]))

# %% parallel_relu
def run_all(jobs):
    """Run functions at the same time, the first of them here; raise the first error."""
    errors = []

    def guarded(job):
        try:
            job()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs[1:]]
    for thread in threads:
        thread.start()
    if jobs:
        guarded(jobs[0])
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def parallel_relu(x, num_workers=4, out=None, min_size=1_000_000, kernel=None):
    if num_workers < 1:
        raise ValueError("at least one worker")
    if kernel is None:
        kernel = relu_kernel
    if out is None:
        out = np.zeros(x.shape, x.dtype)
    if x.size < min_size:
        kernel(x, out)
    else:
        run_all([lambda i=i, j=j: kernel(x[i:j], out[i:j]) for i, j in split_ranges(x.shape[0], num_workers)])
    return out

# %% parallel_batch_processing
import queue


def parallel_batch_processing(batch_data, operation, num_workers=4):
    if num_workers < 1:
        raise ValueError("at least one worker")
    todo = queue.Queue()
    for position, item in enumerate(batch_data):
        todo.put((position, item))
    results = [None] * len(batch_data)

    def worker():
        while True:
            try:
                position, item = todo.get_nowait()
            except queue.Empty:
                return
            results[position] = operation(item)

    run_all([worker] * min(num_workers, len(batch_data)))
    return results

# %% matmul_parallel
def matmul_parallel(A, B, num_processes=None, kernel=None):
    (m, k), (k2, n) = A.shape, B.shape
    if k != k2:
        raise ValueError(f"shapes {A.shape} and {B.shape} do not fit")
    if num_processes is None:
        num_processes = os.cpu_count()
    if num_processes < 1:
        raise ValueError("at least one worker")
    if kernel is None:
        kernel = matmul_kernel
    C = np.zeros((m, n), np.result_type(A.dtype, B.dtype))
    if m < 20:
        kernel(A, B, C)
    else:
        run_all([lambda i=i, j=j: kernel(A[i:j], B, C[i:j]) for i, j in split_ranges(m, num_processes)])
    return C
