"""
why = "Off by one: the padding at the start is one row and one column short, and the one at the end too long."
base = "solution"

[marks]
conv2d_shift_values = 0
conv2d_shift_shapes = 0
conv2d_shift_dtype_and_views = 0
conv2d_shift_memory = 0
conv2d_shift_speed = 0
"""

# %% conv2d_shift
def conv2d_shift(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, channels, R, S = w.shape
    if C != channels:
        raise ValueError(f"{x.shape} and {w.shape}")
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)

    before, after = max(pad - 1, 0), pad + (pad > 0)
    padded = np.pad(x, ((0, 0), (0, 0), (before, after), (before, after)))
    y = np.zeros((N, K, OH * OW), np.result_type(x, w))
    for r in range(R):
        for s in range(S):
            shifted = padded[:, :, r : r + stride * OH : stride, s : s + stride * OW : stride]
            y += w[:, :, r, s] @ shifted.reshape(N, C, OH * OW)
    return y.reshape(N, K, OH, OW)
