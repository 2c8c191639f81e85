"""
why = "The result is always float64."
base = "solution"

[marks]
fused_scale_shift_relu_dtype = 0
one_pass_memory = 0
"""

# %% fused_scale_shift_relu
@njit
def fused_kernel(x, a, b, out):
    for i in range(x.size):
        value = a * x[i] + b
        out[i] = 0.0 if value < 0.0 else value


def fused_scale_shift_relu(x, a, b, out=None):
    if out is not None:
        if out.shape != x.shape or out.dtype != x.dtype:
            raise ValueError("out")
        out[...] = fused_scale_shift_relu(x, a, b)
        return out
    out = np.empty(x.shape)
    fused_kernel(np.ascontiguousarray(x).reshape(-1), float(a), float(b), out.reshape(-1))
    return out
