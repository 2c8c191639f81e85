"""
why = "eps is added to the deviation, not to the variance."
base = "solution"

[marks]
fold_batchnorm_values = 0
fold_batchnorm_dtype_and_no_bias = 0
conv_bn_relu_values = 0
"""

# %% fold_batchnorm
def fold_batchnorm(w, b, gamma, beta, mean, var, eps=1e-5):
    b = np.zeros(len(w), w.dtype) if b is None else b
    scale = gamma / (np.sqrt(var) + eps)
    return (w * scale[:, None, None, None]).astype(w.dtype), ((b - mean) * scale + beta).astype(w.dtype)


def conv_bn_relu(x, w, b, gamma, beta, mean, var, stride=1, pad=0, eps=1e-5):
    folded, bias = fold_batchnorm(w, b, gamma, beta, mean, var, eps)
    return np.maximum(conv2d_shift(x, folded, stride, pad) + bias[None, :, None, None], 0)
