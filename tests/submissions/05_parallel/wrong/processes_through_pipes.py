"""
why = "A pool of processes to which rows are pickled, and from which pieces come back through a pipe."
base = "solution"

[marks]
matmul_parallel_processes_shared = 0
"""

# %% matmul_parallel_processes
def one_piece(job):
    a, b, dtype, kernel = job
    out = np.empty((len(a), b.shape[1]), dtype)
    kernel(a, b, out)
    return out


def matmul_parallel_processes(A, B, num_processes=2, kernel=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"cannot multiply {A.shape} by {B.shape}")
    pieces = split_ranges(len(A), num_processes)
    jobs = [(A[i:j], B, np.result_type(A, B), kernel or matmul_kernel) for i, j in pieces]
    with multiprocessing.get_context("fork").Pool(len(jobs)) as pool:
        return np.vstack(pool.map(one_piece, jobs, chunksize=1))
