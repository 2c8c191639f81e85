"""
why = "One small product for each position, twice: where one product was asked, and where R * S were."
base = "solution"

[marks]
conv2d_im2col_one_product = 0
conv2d_im2col_speed = 0
conv2d_shift_speed = 0
"""

# %% conv2d_im2col
def conv2d_im2col(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, channels, R, S = w.shape
    if C != channels:
        raise ValueError(f"{x.shape} and {w.shape}")
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = np.empty((N, K, OH, OW), np.result_type(x, w))
    for i in range(OH):
        for j in range(OW):
            window = padded[:, :, i * stride : i * stride + R, j * stride : j * stride + S]
            y[:, :, i, j] = np.tensordot(window, w, ((1, 2, 3), (1, 2, 3)))
    return y

# %% conv2d_shift
def conv2d_shift(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, channels, R, S = w.shape
    if C != channels:
        raise ValueError(f"{x.shape} and {w.shape}")
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = np.empty((N, K, OH, OW), np.result_type(x, w))
    for i in range(OH):
        for j in range(OW):
            window = padded[:, :, i * stride : i * stride + R, j * stride : j * stride + S]
            y[:, :, i, j] = np.tensordot(window, w, ((1, 2, 3), (1, 2, 3)))
    return y
