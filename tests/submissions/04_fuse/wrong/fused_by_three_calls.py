"""
why = "Three NumPy calls under the name of a fusion."
base = "solution"

[marks]
one_pass_memory = 0
fused_relu_sums_speed = 0

[reasons]
one_pass_memory = "is there a temporary"
"""

# %% fused_scale_shift_relu
def fused_scale_shift_relu(x, a, b, out=None):
    if out is not None and (out.shape != x.shape or out.dtype != x.dtype):
        raise ValueError("out")
    scaled = x.dtype.type(a) * x
    shifted = scaled + x.dtype.type(b)
    return np.maximum(shifted, 0, out=out)

# %% fused_relu_sums
def fused_relu_sums(X, a, b):
    return fused_scale_shift_relu(X, a, b).sum(axis=0)
