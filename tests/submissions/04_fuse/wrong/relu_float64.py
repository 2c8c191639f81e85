"""
why = "Computes and returns float64."
base = "solution"

[marks]
vectorized_relu_views = 0
vectorized_relu_values = 0
vectorized_relu_dtypes_and_shapes = 0
one_pass_memory = 0
vectorized_relu_speed = 0
"""

# %% vectorized_relu
def vectorized_relu(x, out=None):
    result = np.maximum(x.astype(np.float64), 0)
    if out is None:
        return result
    if out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError("out")
    out[...] = result
    return out
