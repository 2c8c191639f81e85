"""
why = "col2im adds window by window in a Python loop."
base = "solution"

[marks]
col2im_speed = 0
"""

# %% col2im
def col2im(columns, x_shape, R, S, stride=1, pad=0):
    N, C, H, W = x_shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    if columns.shape != (N * OH * OW, C * R * S):
        raise ValueError(f"col2im: expected {(N * OH * OW, C * R * S)}, got {columns.shape}")
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), columns.dtype)
    for row, (n, i, j) in enumerate(np.ndindex(N, OH, OW)):
        padded[n, :, i * stride : i * stride + R, j * stride : j * stride + S] += columns[row].reshape(C, R, S)
    return padded[:, :, pad : pad + H, pad : pad + W].copy()
