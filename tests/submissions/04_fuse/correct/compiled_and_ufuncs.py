"""
why = "Numba ufuncs and compiled loops wherever they may stand."
base = "solution"
"""

# %% vectorized_relu
from numba import vectorize


@vectorize(["int8(int8)", "int16(int16)", "int32(int32)", "int64(int64)", "float32(float32)", "float64(float64)"])
def positive(value):
    return value if not value < 0 else 0


def vectorized_relu(x, out=None):
    if out is None:
        out = np.empty_like(x)
    if (out.shape, out.dtype) != (x.shape, x.dtype):
        raise ValueError(f"out: {out.shape} {out.dtype}")
    if x.dtype.kind == "u":
        out[...] = x
    elif x.dtype == np.float16:
        np.maximum(x, np.float16(0), out=out)
    else:
        positive(x, out=out)
    return out

# %% fused_scale_shift_relu
@vectorize(["float32(float32, float32, float32)", "float64(float64, float64, float64)"])
def scale_shift_positive(x, a, b):
    value = a * x + b
    return value if not value < 0 else 0


def fused_scale_shift_relu(x, a, b, out=None):
    if out is None:
        return scale_shift_positive(x, x.dtype.type(a), x.dtype.type(b))
    if (out.shape, out.dtype) != (x.shape, x.dtype):
        raise ValueError(f"out: {out.shape} {out.dtype}")
    return scale_shift_positive(x, x.dtype.type(a), x.dtype.type(b), out=out)

# %% fused_relu_sums
@njit(fastmath=False, boundscheck=False)
def add_rows(X, a, b):
    sums = np.zeros(X.shape[1], np.float64)
    for i in range(X.shape[0]):
        row = X[i]
        for j in range(row.size):
            v = row[j] * a + b
            if not v <= 0:
                sums[j] += v
    return sums


def fused_relu_sums(X, a, b):
    kind = X.dtype.type
    return add_rows(X, kind(a), kind(b)).astype(X.dtype)

# %% layer_norm
@njit
def welford(rows, eps, out):
    for i in range(rows.shape[0]):
        mean, squares = 0.0, 0.0
        for j in range(rows.shape[1]):
            step = rows[i, j] - mean
            mean += step / (j + 1)
            squares += step * (rows[i, j] - mean)
        factor = 1 / np.sqrt(squares / rows.shape[1] + eps)
        for j in range(rows.shape[1]):
            out[i, j] = (rows[i, j] - mean) * factor


def layer_norm(x, gamma=None, beta=None, eps=1e-5):
    out = np.empty(x.shape, x.dtype)
    welford(np.ascontiguousarray(x).reshape(-1, x.shape[-1]), eps, out.reshape(-1, x.shape[-1]))
    if gamma is not None:
        out *= gamma
    if beta is not None:
        out += beta
    return out
