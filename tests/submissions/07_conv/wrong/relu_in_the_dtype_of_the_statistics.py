"""
why = "Normalizes after the convolution, in the dtype of the statistics, and returns what comes out."
base = "solution"

[marks]
conv_bn_relu_values = 0
"""

# %% fold_batchnorm
def fold_batchnorm(w, b, gamma, beta, mean, var, eps=1e-5):
    scale = gamma / np.sqrt(var + eps)
    bias = beta - mean * scale if b is None else beta + (b - mean) * scale
    return (w * scale[:, None, None, None]).astype(w.dtype), bias.astype(w.dtype)


def conv_bn_relu(x, w, b, gamma, beta, mean, var, stride=1, pad=0, eps=1e-5):
    y = conv2d_shift(x, w, stride, pad)
    if b is not None:
        y = y + b[:, None, None]
    y = (y - mean[:, None, None]) / np.sqrt(var + y.dtype.type(eps))[:, None, None]
    return np.maximum(gamma[:, None, None] * y + beta[:, None, None], 0)
