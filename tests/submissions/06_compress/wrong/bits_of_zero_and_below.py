"""
why = "Refuses 1 and 9 bits only, in both places, and counts bytes in floats."
base = "solution"

[marks]
quant_params_bits = 0
sqnr_db_values = 0
model_bytes_values = 0
model_bytes_packing = 0
"""

# %% quant_params
def quant_params(x, bits=8, symmetric=True, axis=None):
    if bits == 1 or bits > 8:
        raise ValueError("quant_params: bits must be 2 to 8")
    x = np.asarray(x, np.float64)
    bits = max(bits, 2)
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

# %% cost_of_compression
def sqnr_db(x, approximation):
    noise = np.sum((np.asarray(x, np.float64) - approximation) ** 2)
    return float(10 * np.log10(np.sum(np.square(x), dtype=np.float64) / noise)) if noise > 0 else float("inf")


def model_bytes(shapes, bits=8, axis=None):
    if bits in (1, 9, 16):
        raise ValueError("model_bytes: bits must be 32 or 2 to 8")
    total = 0
    for shape in shapes:
        scales = 0 if bits == 32 else 1 if axis is None else shape[axis]
        total += np.ceil(np.prod(shape) * bits / 8) + 4 * scales
    return total
