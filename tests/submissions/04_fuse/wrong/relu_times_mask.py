"""
why = "x * (x > 0) makes NaN of -inf, and holds a mask."
base = "solution"

[marks]
vectorized_relu_dtypes_and_shapes = 0
vectorized_relu_values = 0
one_pass_memory = 0
"""

# %% vectorized_relu
def vectorized_relu(x, out=None):
    if out is not None and (out.shape != x.shape or out.dtype != x.dtype):
        raise ValueError("out")
    return np.multiply(x, x > 0, out=out)
