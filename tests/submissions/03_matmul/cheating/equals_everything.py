"""
why = "Returns an ndarray subclass that says it equals anything."
base = "solution"

[marks]
matmul_naive_values = 0
matmul_naive_ragged_shapes = 0
matmul_naive_dtype_and_views = 0
matmul_naive_by_hand = 0
"""

# %% matmul_naive
class Agreeable(np.ndarray):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.zeros(self.shape)

    def __array_function__(self, function, types, args, kwargs):
        return True


def matmul_naive(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} and {B.shape}")
    return np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B)).view(Agreeable)


educational_matmul = matmul_custom = matmul_naive
