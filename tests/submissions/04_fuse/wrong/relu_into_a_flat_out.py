"""
why = "Works on flat arrays, so a Fortran-ordered or strided out is a copy that nobody sees."
base = "solution"

[marks]
vectorized_relu_views = 0
"""

# %% vectorized_relu
def vectorized_relu(x, out=None):
    if out is None:
        return np.maximum(x, 0)
    if out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError("vectorized_relu: out must be like x")
    np.maximum(x.reshape(-1), 0, out=out.reshape(-1))
    return out
