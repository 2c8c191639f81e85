"""Exported from 04_fuse/fuse.ipynb."""

import numpy as np
from numba import njit

__all__ = [
    "bytes_moved",
    "fused_scale_shift_relu",
    "softmax",
    "vectorized_relu",
]


def vectorized_relu(x, out=None):
    """Return max(x, 0) element by element, in x's dtype, in a new array or in `out`."""
    if out is not None and (out.shape != x.shape or out.dtype != x.dtype):
        raise ValueError(f"vectorized_relu: out must be {x.shape} {x.dtype}, got {out.shape} {out.dtype}")
    return np.maximum(x, 0, out=out)


OPERANDS = {
    **dict.fromkeys(["scale", "shift"], 1),  # by a number
    **dict.fromkeys(["relu", "exp", "log", "sqrt", "square", "abs", "tanh", "sigmoid", "negate", "neg"], 1),
    **dict.fromkeys(["add", "subtract", "sub", "multiply", "mul", "divide", "div"], 2),
    **dict.fromkeys(["maximum", "max", "minimum", "min"], 2),
}


def bytes_moved(ops, n, itemsize=4, fused=False, inputs=1, outputs=1):
    """Return the bytes that a chain of element-wise operations moves, one by one or fused."""
    for name in ops:
        if name not in OPERANDS:
            raise ValueError(f"bytes_moved: unknown operation {name!r}; known are {', '.join(OPERANDS)}")
    words = inputs + outputs if fused else sum(OPERANDS[name] + 1 for name in ops)
    return words * n * itemsize


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
    elif out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError(f"fused_scale_shift_relu: out must be {x.shape} {x.dtype}, got {out.shape} {out.dtype}")
    a, b = x.dtype.type(a), x.dtype.type(b)
    if x.flags.c_contiguous and out.flags.c_contiguous:
        fused_kernel(x.reshape(-1), a, b, out.reshape(-1))
    else:
        out[...] = fused_scale_shift_relu(np.ascontiguousarray(x), a, b)
    return out


def softmax(x, axis=-1):
    """Return exp(x) divided by its sum along an axis; logits of -inf are masked."""
    if not np.issubdtype(x.dtype, np.floating):
        x = x.astype(np.float64)  # small integers would wrap, or give half precision
    top = x.max(axis=axis, keepdims=True)
    top = np.where(np.isneginf(top), 0, top)
    shares = np.exp(x - top)
    total = shares.sum(axis=axis, keepdims=True)
    return shares / np.where(total == 0, 1, total)
