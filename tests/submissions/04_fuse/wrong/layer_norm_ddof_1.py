"""
why = "Divides by d - 1."
base = "solution"

[marks]
layer_norm_values = 0
layer_norm_gamma_beta_dtype = 0
layer_norm_constant_rows = 0
"""

# %% layer_norm
def layer_norm(x, gamma=None, beta=None, eps=1e-5):
    y = x - x.mean(axis=-1, keepdims=True)
    y /= np.sqrt(x.var(axis=-1, keepdims=True, ddof=1) + x.dtype.type(eps))
    if gamma is not None:
        y = y * gamma
    if beta is not None:
        y = y + beta
    return y
