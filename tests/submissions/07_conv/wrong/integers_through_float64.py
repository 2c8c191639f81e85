"""
why = "Adds up in float64 and converts at the end, so large integers lose their last digits."
base = "solution"

[marks]
conv2d_shift_dtype_and_views = 0
col2im_dtype_and_refuses = 0
"""

# %% conv2d_shift
def conv2d_shift(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, channels, R, S = w.shape
    if C != channels:
        raise ValueError(f"conv2d_shift: the channels of {x.shape} and {w.shape} differ")
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    if np.result_type(x, w).kind == "i":  # BLAS has no integers
        return conv2d_shift(x.astype(np.float64), w.astype(np.float64), stride, pad).astype(np.result_type(x, w))
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = np.zeros((N, K, OH * OW), np.result_type(x, w))
    for r in range(R):
        for s in range(S):
            shifted = padded[:, :, r : r + stride * OH : stride, s : s + stride * OW : stride]
            y += w[:, :, r, s] @ shifted.reshape(N, C, OH * OW)
    return y.reshape(N, K, OH, OW)

# %% col2im
def col2im(columns, x_shape, R, S, stride=1, pad=0):
    N, C, H, W = x_shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    if columns.shape != (N * OH * OW, C * R * S):
        raise ValueError(f"col2im: expected columns of shape {(N * OH * OW, C * R * S)}, got {columns.shape}")
    places = columns.reshape(N, OH, OW, C, R, S).transpose(4, 5, 0, 3, 1, 2)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), np.float32 if columns.dtype == np.float32 else np.float64)
    for r in range(R):
        for s in range(S):
            padded[:, :, r : r + stride * OH : stride, s : s + stride * OW : stride] += places[r, s]
    return padded[:, :, pad : pad + H, pad : pad + W].astype(columns.dtype)
