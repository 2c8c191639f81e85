"""
why = "Refuses an `out` that is too small, or one that is too large, and not both."
base = "solution"

[marks]
fused_scale_shift_relu_out_and_views = 0
vectorized_relu_out = 0
"""

# %% vectorized_relu
#| export
def vectorized_relu(x, out=None):
    """Return max(x, 0) element by element, in x's dtype, in a new array or in `out`."""
    if out is not None and (out.shape < x.shape or out.dtype != x.dtype):
        raise ValueError(f"vectorized_relu: out must be {x.shape} {x.dtype}, got {out.shape} {out.dtype}")
    return np.maximum(x, 0, out=out)

# %% fused_scale_shift_relu
#| export
@njit
def fused_kernel(x, a, b, out):
    """Write max(a * x + b, 0) into out; both one-dimensional."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        value = a * x[i] + b
        out[i] = zero if value < zero else value


def fused_scale_shift_relu(x, a, b, out=None):
    """Return max(a * x + b, 0) in x's dtype, in one pass over memory."""
    if out is None:
        out = np.empty_like(x)
    elif out.shape > x.shape or out.dtype < x.dtype:
        raise ValueError(f"fused_scale_shift_relu: out must be {x.shape} {x.dtype}, got {out.shape} {out.dtype}")
    a, b = x.dtype.type(a), x.dtype.type(b)
    if x.flags.c_contiguous and out.flags.c_contiguous:
        fused_kernel(x.reshape(-1), a, b, out.reshape(-1))
    else:
        out[...] = fused_scale_shift_relu(np.ascontiguousarray(x), a, b)
    return out
