"""
why = "Nothing is negative in unsigned numbers, so it returns x itself."
base = "solution"

[marks]
vectorized_relu_views = 0
"""

# %% vectorized_relu
def vectorized_relu(x, out=None):
    if out is not None and (out.shape != x.shape or out.dtype != x.dtype):
        raise ValueError("vectorized_relu: out must be like x")
    if out is None and np.issubdtype(x.dtype, np.unsignedinteger):
        return x
    return np.maximum(x, 0, out=out)
