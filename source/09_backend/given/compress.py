"""Exported from 06_compress/compress.ipynb."""

import numpy as np

__all__ = [
    "dequantize",
    "int_matmul",
    "quant_params",
    "quantize",
    "quantized_matmul",
]


def along(values, ndim, axis):
    """Return values ready to broadcast against an array of ndim dimensions.

    With an axis, a one-dimensional array of values is laid along that axis (which may be negative);
    single numbers, and anything when axis is None, come back as they are.
    """
    values = np.asarray(values)
    if axis is None or values.ndim == 0:
        return values
    shape = [1] * ndim
    shape[axis] = -1
    return values.reshape(shape)


def quant_params(x, bits=8, symmetric=True, axis=None):
    """Return (scale, zero_point) for whole numbers of so many bits, per tensor or per channel."""
    if not 2 <= bits <= 8:
        raise ValueError(f"quant_params: bits must be 2 to 8, got {bits}")
    x = np.asarray(x, np.float64)
    others = None if axis is None else tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    qmin, qmax = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    low, high = np.minimum(x.min(axis=others), 0.0), np.maximum(x.max(axis=others), 0.0)
    scale = np.maximum(-low, high) / qmax if symmetric else (high - low) / (qmax - qmin)
    empty = scale == 0
    scale = np.where(empty, 1.0, scale)
    zero_point = np.zeros_like(scale) if symmetric else np.where(empty, 0.0, np.rint(qmin - low / scale))
    if axis is None:
        return float(scale), int(zero_point)
    return scale, zero_point.astype(np.int32)


def quantize(x, scale, zero_point=0, bits=8, axis=None):
    """Return x as whole numbers of so many bits, in int8."""
    x = np.asarray(x, np.float64)
    steps = np.rint(x / along(scale, x.ndim, axis)) + along(zero_point, x.ndim, axis)
    return np.clip(steps, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype(np.int8)


def dequantize(q, scale, zero_point=0, axis=None):
    """Return the float32 numbers that q stands for."""
    steps = np.asarray(q, np.float64) - along(zero_point, np.ndim(q), axis)
    return (steps * along(scale, np.ndim(q), axis)).astype(np.float32)


def max_exact_k(bits=8, dtype="float32"):
    """Return how many products of two such whole numbers a float of that dtype can sum exactly."""
    significand = np.finfo(dtype).nmant + 1
    return 2**significand // (2 ** (bits - 1)) ** 2


def int_matmul(qa, qb):
    """Multiply two int8 matrices exactly, into int32."""
    if qa.ndim != 2 or qb.ndim != 2 or qa.shape[1] != qb.shape[0]:
        raise ValueError(f"int_matmul: cannot multiply {qa.shape} by {qb.shape}; the inner extents must agree")
    k, step = qa.shape[1], max_exact_k(8, "float32")
    if k <= step:
        return (qa.astype(np.float32) @ qb.astype(np.float32)).astype(np.int32)
    total = np.zeros((qa.shape[0], qb.shape[1]), np.int32)
    for start in range(0, k, step):
        total += int_matmul(qa[:, start : start + step], qb[start : start + step])
    return total


def quantized_matmul(A, B, scale_A=None, scale_B=None):
    """Multiply two float matrices by way of 8-bit numbers; return float32."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"quantized_matmul: cannot multiply {A.shape} by {B.shape}; the inner extents must agree")
    scale_A = np.asarray(quant_params(A)[0] if scale_A is None else scale_A, np.float64)
    scale_B = np.asarray(quant_params(B)[0] if scale_B is None else scale_B, np.float64)
    products = int_matmul(quantize(A, scale_A, axis=0), quantize(B, scale_B, axis=1))
    return (products * along(scale_A, 2, 0) * along(scale_B, 2, 1)).astype(np.float32)
