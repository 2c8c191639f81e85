"""
why = "Sets its inputs to zero and returns zeros, hoping that what is right is worked out afterwards."
base = "solution"

[marks]
layer_norm_values = 0
layer_norm_large_mean = 0
layer_norm_gamma_beta_dtype = 0
layer_norm_constant_rows = 0
"""

# %% layer_norm
def layer_norm(x, gamma=None, beta=None, eps=1e-5):
    x[...] = 0
    return np.zeros_like(x)
