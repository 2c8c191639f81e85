"""
why = "Every clock of the time module stands still; the slow blocks stay slow."
base = "solution"

[marks]
cache_friendly_matmul_speed = 2
"""

# %% + after=setup
import time

for name in ("perf_counter", "process_time", "monotonic", "time", "thread_time"):
    setattr(time, name, lambda: 0.0)
    setattr(time, name + "_ns", lambda: 0)
time.clock_gettime = time.clock_gettime_ns = lambda clock: 0

# %% cache_friendly_matmul
@njit
def kernel_blocks(A, B, C, block_size):
    row = np.empty(B.shape[1], C.dtype)
    for i0 in range(0, A.shape[0], block_size):
        for j0 in range(0, B.shape[1], block_size):
            for l0 in range(0, A.shape[1], block_size):
                for i in range(i0, min(i0 + block_size, A.shape[0])):
                    for j in range(j0, min(j0 + block_size, B.shape[1])):
                        row[j] = 0.0
                    for l in range(l0, min(l0 + block_size, A.shape[1])):
                        for j in range(j0, min(j0 + block_size, B.shape[1])):
                            row[j] += A[i, l] * B[l, j]
                    for j in range(j0, min(j0 + block_size, B.shape[1])):
                        C[i, j] += row[j]


def cache_friendly_matmul(A, B, block_size=32):
    if A.shape[1] != B.shape[0] or block_size < 1:
        raise ValueError(f"{A.shape} and {B.shape}, block size {block_size}")
    A, B, C, dtype = for_compiler(A, B)
    kernel_blocks(A, B, C, block_size)
    return C.astype(dtype)
