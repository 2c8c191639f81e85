"""
why = "Works out the extents by itself and refuses a stride of 0, but no negative stride or pad."
base = "solution"

[marks]
im2col_dtype_and_refuses = 0
col2im_dtype_and_refuses = 0
col2im_speed = 0
"""

# %% im2col
def im2col(x, R, S, stride=1, pad=0):
    N, C, H, W = x.shape
    if stride == 0 or R > H + 2 * pad or S > W + 2 * pad or pad < 0:
        raise ValueError("im2col: this does not fit")
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = sliding_window_view(padded, (R, S), axis=(2, 3))[:, :, ::stride, ::stride]
    OH, OW = windows.shape[2:4]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(N * OH * OW, C * R * S)

# %% col2im
def col2im(columns, x_shape, R, S, stride=1, pad=0):
    N, C, H, W = x_shape
    if stride == 0 or R > H + 2 * pad or S > W + 2 * pad:
        raise ValueError("col2im: this does not fit")
    OH, OW = (H + 2 * pad - R) // stride + 1, (W + 2 * pad - S) // stride + 1
    if columns.shape != (N * OH * OW, C * R * S):
        raise ValueError(f"col2im: expected columns of shape {(N * OH * OW, C * R * S)}, got {columns.shape}")
    places = columns.reshape(N, OH, OW, C, R, S)
    back = np.zeros((N, C, H, W), columns.dtype)
    for i in range(OH):
        for j in range(OW):
            for r in range(R):
                for s in range(S):
                    a, b = i * stride + r - pad, j * stride + s - pad
                    if 0 <= a < H and 0 <= b < W:
                        back[:, :, a, b] += places[:, i, j, :, r, s]
    return back
