"""
why = "Keeps the value if it is greater than 0; NaN is not."
base = "solution"

[marks]
fused_scale_shift_relu_dtype = 0
fused_scale_shift_relu_values = 0
"""

# %% fused_scale_shift_relu
@njit
def fused_kernel(x, a, b, out):
    for i in range(x.size):
        value = a * x[i] + b
        out[i] = value if value > 0 else 0


def fused_scale_shift_relu(x, a, b, out=None):
    if out is None:
        out = np.empty(x.shape, x.dtype)
    if out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError("out")
    if out.flags.c_contiguous:
        fused_kernel(np.ascontiguousarray(x).reshape(-1), x.dtype.type(a), x.dtype.type(b), out.reshape(-1))
    else:
        out[...] = fused_scale_shift_relu(x, a, b)
    return out
