"""
why = "Compiled loops for quantising, float64 for long sums, float32 scales."
base = "solution"
"""

# %% quantize
@njit
def _steps(x, scales, zeros, low, high, q):
    for i in range(x.size):
        step = np.rint(x[i] / scales[i]) + zeros[i]
        q[i] = np.int8(min(max(step, low), high))


def quantize(x, scale, zero_point=0, bits=8, axis=None):
    x = np.asarray(x)
    scales = np.broadcast_to(along(scale, x.ndim, axis), x.shape).astype(np.float64).ravel()
    zeros = np.broadcast_to(along(zero_point, x.ndim, axis), x.shape).astype(np.float64).ravel()
    q = np.empty(x.size, np.int8)
    _steps(x.astype(np.float64).ravel(), scales, zeros, -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1, q)
    return q.reshape(x.shape)


def dequantize(q, scale, zero_point=0, axis=None):
    difference = np.asarray(q, np.int64) - np.asarray(along(zero_point, q.ndim, axis), np.int64)
    return difference.astype(np.float32) * np.asarray(along(scale, q.ndim, axis), np.float32)

# %% int_matmul
#| export
def max_exact_k(bits=8, dtype="float32"):
    return 2 ** (np.finfo(dtype).nmant + 1) // 4 ** (bits - 1)


def int_matmul(qa, qb):
    if qa.ndim != 2 or qb.ndim != 2 or qa.shape[1] != qb.shape[0]:
        raise ValueError(f"int_matmul: cannot multiply {qa.shape} by {qb.shape}; the inner extents must agree")
    if qa.shape[1] <= 1024:
        product = qa.astype(np.float32) @ qb.astype(np.float32)
    else:
        product = qa.astype(float) @ qb.astype(float)
    return np.rint(product).astype(np.int32)
