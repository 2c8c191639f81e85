"""
why = "Returns an object that computes when it is looked at."
base = "solution"

[marks]
matmul_vectorized_refuses_mismatch = 0
matmul_vectorized_values = 0
matmul_vectorized_ragged_shapes = 0
matmul_vectorized_dtype_and_views = 0
matmul_vectorized_one_product = 0
matmul_vectorized_speed = 0
"""

# %% matmul_vectorized
class Promise:
    def __init__(self, A, B):
        self.A, self.B = A, B
        self.shape = A.shape[0], B.shape[1]
        self.dtype = np.result_type(A, B)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.A @ self.B, dtype)


def matmul_vectorized(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} and {B.shape}")
    return Promise(A, B)


optimized_matmul = matmul_numpy = matmul_baseline = vectorized_matmul = matmul_vectorized
