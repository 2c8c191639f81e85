"""
why = "Loops and lists wherever no speed is asked for."
base = "solution"
"""

# %% quant_params
def quant_params(x, bits=8, symmetric=True, axis=None):
    if bits not in range(2, 9):
        raise ValueError("bits")
    if axis is not None:
        pairs = [quant_params(channel, bits, symmetric) for channel in np.moveaxis(x, axis, 0)]
        return np.array([s for s, _ in pairs]), np.array([z for _, z in pairs])
    numbers = [float(v) for v in np.ravel(x)]
    low, high, top = min(0.0, *numbers, 0.0), max(0.0, *numbers, 0.0), 2 ** (bits - 1) - 1
    if low == high:
        return 1.0, 0
    if symmetric:
        return max(-low, high) / top, 0
    scale = (high - low) / (2**bits - 1)
    return scale, round(-top - 1 - low / scale)

# %% quantize
def quantize(x, scale, zero_point=0, bits=8, axis=None):
    out = np.zeros(x.shape, np.int8)
    for at, value in np.ndenumerate(x):
        s = scale if axis is None or np.ndim(scale) == 0 else scale[at[axis]]
        z = zero_point if axis is None or np.ndim(zero_point) == 0 else zero_point[at[axis]]
        step = float(value) / float(s)
        step = round(step) + int(z) if abs(step) < 1e6 else step
        out[at] = int(min(max(step, -(2 ** (bits - 1))), 2 ** (bits - 1) - 1))
    return out


def dequantize(q, scale, zero_point=0, axis=None):
    out = np.zeros(q.shape, np.float32)
    for at, value in np.ndenumerate(q):
        s = scale if axis is None or np.ndim(scale) == 0 else scale[at[axis]]
        z = zero_point if axis is None or np.ndim(zero_point) == 0 else zero_point[at[axis]]
        out[at] = float(s) * (int(value) - int(z))
    return out

# %% cost_of_compression
import math


def sqnr_db(x, approximation):
    signal = sum(float(a) ** 2 for a in x.ravel())
    noise = sum((float(a) - float(b)) ** 2 for a, b in zip(x.ravel(), approximation.ravel()))
    return math.inf if noise == 0 else 10 * math.log10(signal / noise)


def model_bytes(shapes, bits=8, axis=None):
    if bits not in (2, 3, 4, 5, 6, 7, 8, 32):
        raise ValueError(bits)
    total = 0
    for shape in shapes:
        total += math.ceil(math.prod(shape) * bits / 8)
        if bits < 32:
            total += 4 if axis is None else 4 * shape[axis]
    return total

# %% prune
def magnitude_prune(W, sparsity):
    if sparsity < 0 or sparsity > 1:
        raise ValueError("sparsity")
    places = sorted(np.ndindex(*W.shape), key=lambda at: abs(W[at]))
    out = W.copy()
    for at in places[: round(sparsity * W.size)]:
        out[at] = 0
    return out


def prune_n_m(W, n=2, m=4):
    if n < 1 or n > m or W.shape[-1] % m:
        raise ValueError("n:m")
    out = W.copy()
    for head in np.ndindex(*W.shape[:-1]):
        for start in range(0, W.shape[-1], m):
            for j in sorted(range(start, start + m), key=lambda j: abs(W[head][j]))[: m - n]:
                out[head + (j,)] = 0
    return out
