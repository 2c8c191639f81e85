"""
why = "Reduces along the axis that should be kept."
base = "solution"

[marks]
quant_params_symmetric = 0
quant_params_bits = 0
quant_params_per_channel = 0
"""

# %% quant_params
#| export
def quant_params(x, bits=8, symmetric=True, axis=None):
    """Return (scale, zero_point) for whole numbers of so many bits, per tensor or per channel."""
    if not 2 <= bits <= 8:
        raise ValueError(f"quant_params: bits must be 2 to 8, got {bits}")
    x = np.asarray(x, np.float64)
    others = None if axis is None else axis
    qmin, qmax = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    low, high = np.minimum(x.min(axis=others), 0.0), np.maximum(x.max(axis=others), 0.0)
    scale = np.maximum(-low, high) / qmax if symmetric else (high - low) / (qmax - qmin)
    empty = scale == 0
    scale = np.where(empty, 1.0, scale)
    zero_point = np.zeros_like(scale) if symmetric else np.where(empty, 0.0, np.rint(qmin - low / scale))
    if axis is None:
        return float(scale), int(zero_point)
    return scale, zero_point.astype(np.int32)
