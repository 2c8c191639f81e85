"""
why = "Keeps what is greater than 0; NaN is not."
base = "solution"

[marks]
vectorized_relu_dtypes_and_shapes = 0
vectorized_relu_values = 0
"""

# %% vectorized_relu
def vectorized_relu(x, out=None):
    if out is None:
        out = np.empty_like(x)
    elif out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError("out")
    return np.fmax(x, 0, out=out)
