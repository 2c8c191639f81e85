"""
why = "x[indices] += values adds once where an index comes twice."
base = "solution"

[marks]
col2im_values = 0
col2im_adjoint = 0
col2im_left_over = 0
col2im_dtype_and_refuses = 0
col2im_speed = 0
"""

# %% col2im
def col2im(columns, x_shape, R, S, stride=1, pad=0):
    N, C, H, W = x_shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    if columns.shape != (N * OH * OW, C * R * S):
        raise ValueError(f"col2im: expected {(N * OH * OW, C * R * S)}, got {columns.shape}")
    shape = N, C, H + 2 * pad, W + 2 * pad
    padded = np.zeros(int(np.prod(shape)), columns.dtype)
    places = im2col(np.arange(padded.size).reshape(shape), R, S, stride)
    padded[places] += columns
    return padded.reshape(shape)[:, :, pad : pad + H, pad : pad + W].copy()
