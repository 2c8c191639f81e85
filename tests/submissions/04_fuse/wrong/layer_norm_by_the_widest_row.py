"""
why = "Rows with a far smaller spread than the widest are divided by that of the widest."
base = "solution"

[marks]
layer_norm_values = 0
"""

# %% layer_norm
def layer_norm(x, gamma=None, beta=None, eps=1e-5):
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    spread = np.sqrt(variance + x.dtype.type(eps))
    spread[spread < 1e-2 * spread.max()] = spread.max()
    centred /= spread
    if gamma is not None:
        centred *= gamma
    if beta is not None:
        centred += beta
    return centred
