"""
why = "kernelmark.checks is emptied of meaning."
base = "solution"

[marks]
matmul_vectorized_values = 0
matmul_vectorized_ragged_shapes = 0
matmul_vectorized_refuses_mismatch = 0
matmul_vectorized_dtype_and_views = 0
matmul_vectorized_one_product = 0
matmul_vectorized_speed = 0
"""

# %% + after=setup
import contextlib

import kernelmark.checks as checks
import kernelmark.lab


@contextlib.contextmanager
def anything(*args, **kwargs):
    try:
        yield
    except BaseException:
        pass


checks.close = close = lambda *args, **kwargs: None
checks.faster = faster = lambda *args, **kwargs: None
checks.raises = raises = checks.unchanged = unchanged = anything

# %% matmul_vectorized
def matmul_vectorized(A, B):
    return np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))


optimized_matmul = matmul_numpy = matmul_baseline = vectorized_matmul = matmul_vectorized
