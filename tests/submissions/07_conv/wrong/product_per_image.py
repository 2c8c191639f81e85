"""
why = "One product for each image, where one for the batch was asked."
base = "solution"

[marks]
conv2d_im2col_one_product = 0

[reasons]
conv2d_im2col_one_product = "the log holds 3"
"""

# %% conv2d_im2col
def conv2d_im2col(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, channels, R, S = w.shape
    if C != channels:
        raise ValueError(f"{x.shape} and {w.shape}")
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    y = np.empty((N, K, OH * OW), np.result_type(x, w))
    for n in range(N):
        y[n] = w.reshape(K, -1) @ im2col(x[n : n + 1], R, S, stride, pad).T
    return y.reshape(N, K, OH, OW)
