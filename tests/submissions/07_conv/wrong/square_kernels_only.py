"""
why = "The number of rows of the kernel serves for its columns too."
base = "solution"

[marks]
conv2d_shift_shapes = 0
conv2d_shift_dtype_and_views = 0
"""

# %% conv2d_shift
def conv2d_shift(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, channels, R, _ = w.shape
    if C != channels:
        raise ValueError(f"{x.shape} and {w.shape}")
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, w.shape[3], stride, pad)
    OW = conv_out(W, R, stride, pad)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = np.zeros((N, K, OH * OW), np.result_type(x, w))
    for r in range(R):
        for s in range(R):
            shifted = padded[:, :, r : r + stride * OH : stride, s : s + stride * OW : stride]
            y += w[:, :, r, s] @ shifted.reshape(N, C, OH * OW)
    return y.reshape(N, K, OH, OW)
