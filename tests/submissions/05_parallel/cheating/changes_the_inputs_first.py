"""
why = "Sets its inputs to zero and returns zeros, hoping that what is right is worked out afterwards."
base = "solution"

[marks]
parallel_relu_values = 0
parallel_relu_out_and_views = 0
parallel_relu_overlap = 0
parallel_relu_pieces = 0
parallel_relu_small_stays = 0
parallel_relu_errors = 0
matmul_parallel_values = 0
matmul_parallel_ragged_shapes = 0
matmul_parallel_dtype_and_views = 0
matmul_parallel_overlap = 0
matmul_parallel_pieces = 0
matmul_parallel_small_stays = 0
matmul_parallel_errors = 0
small_work_on_the_calling_thread = 0
one_result_memory = 0
matmul_parallel_refuses = 0
ring_allreduce_values = 0
ring_allreduce_inputs_and_dtype = 0
ring_allreduce_steps = 0
ring_allreduce_bytes = 0
ring_allreduce_sums_on_the_way = 0
ring_allreduce_refuses = 0
"""

# %% parallel_relu
def parallel_relu(x, num_workers=4, out=None, min_size=1_000_000, kernel=None):
    if num_workers < 1:
        raise ValueError("workers")
    x[...] = 0
    out = np.empty_like(x) if out is None else out
    out[...] = 0
    return out

# %% matmul_parallel
def matmul_parallel(A, B, num_processes=None, kernel=None):
    if A.shape[1] != B.shape[0] or (num_processes is not None and num_processes < 1):
        raise ValueError(f"cannot multiply {A.shape} by {B.shape}")
    A[...] = 0
    return np.zeros((len(A), B.shape[1]), np.result_type(A, B))

# %% ring_allreduce
def ring_allreduce(arrays, log=None):
    if not arrays or len({(a.shape, a.dtype) for a in arrays}) != 1:
        raise ValueError("arrays must be alike")
    for array in arrays:
        array[...] = 0
    return [np.zeros_like(array) for array in arrays]
