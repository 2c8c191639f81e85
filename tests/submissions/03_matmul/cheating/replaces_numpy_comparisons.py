"""
why = "np.allclose and numpy.testing say yes to everything; the product is wrong all the same."
base = "solution"

[marks]
matmul_naive_values = 0
matmul_naive_ragged_shapes = 0
matmul_naive_refuses_mismatch = 0
matmul_naive_dtype_and_views = 0
matmul_naive_by_hand = 0
"""

# %% + after=setup
import numpy.testing

np.allclose = np.array_equal = np.isclose = lambda *args, **kwargs: True
numpy.testing.assert_allclose = numpy.testing.assert_array_equal = lambda *args, **kwargs: None

# %% matmul_naive
def matmul_naive(A, B):
    return np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))


educational_matmul = matmul_custom = matmul_naive
