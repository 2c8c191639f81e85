"""
why = "Pieces of rows // p rows, multiplied in a loop, stacked at the end."
base = "solution"

[marks]
matmul_parallel_overlap = 0
matmul_parallel_pieces = 0
one_result_memory = 0
"""

# %% matmul_parallel
def matmul_parallel(A, B, num_processes=None, kernel=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"cannot multiply {A.shape} by {B.shape}")
    if num_processes is None:
        num_processes = os.cpu_count()
    if num_processes < 1:
        raise ValueError("num_processes must be at least 1")
    kernel = kernel or matmul_kernel
    dtype = np.result_type(A, B)
    rows = len(A)
    if rows < 20:
        C = np.empty((rows, B.shape[1]), dtype)
        kernel(A, B, C)
        return C
    size = max(1, rows // num_processes)
    pieces = []
    for start in range(0, rows, size):
        piece = np.empty((min(size, rows - start), B.shape[1]), dtype)
        kernel(A[start : start + size], B, piece)
        pieces.append(piece)
    return np.vstack(pieces)
