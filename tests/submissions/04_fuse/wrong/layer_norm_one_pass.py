"""
why = "Mean of the squares minus square of the mean."
base = "solution"

[marks]
layer_norm_large_mean = 0
"""

# %% layer_norm
def layer_norm(x, gamma=None, beta=None, eps=1e-5):
    mean = x.mean(axis=-1, keepdims=True)
    variance = np.maximum((x * x).mean(axis=-1, keepdims=True) - mean * mean, 0)
    y = (x - mean) / np.sqrt(variance + x.dtype.type(eps))
    if gamma is not None:
        y = y * gamma
    if beta is not None:
        y = y + beta
    return y
