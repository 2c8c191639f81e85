"""
why = "Works on x itself and returns it."
base = "solution"

[marks]
vectorized_relu_views = 0
vectorized_relu_out = 0
one_pass_memory = 0

[reasons]
vectorized_relu_out = "was changed"
"""

# %% vectorized_relu
def vectorized_relu(x, out=None):
    if out is None:
        out = x
    elif out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError("out")
    return np.maximum(x, 0, out=out)
