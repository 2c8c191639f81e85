"""
why = "col2im assigns where it should add: of all the windows that hold a pixel the last one wins."
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
    places = columns.reshape(N, OH, OW, C, R, S).transpose(4, 5, 0, 3, 1, 2)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), columns.dtype)
    for r in range(R):
        for s in range(S):
            padded[:, :, r : r + stride * OH : stride, s : s + stride * OW : stride] = places[r, s]
    return padded[:, :, pad : pad + H, pad : pad + W].copy()
