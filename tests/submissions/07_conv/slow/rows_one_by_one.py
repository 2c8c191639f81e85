"""
why = "im2col copies window by window in a Python loop: right, and most of the gain over the loops of part A is gone."
base = "solution"

[marks]
conv2d_im2col_speed = 2
"""

# %% im2col
def im2col(x, R, S, stride=1, pad=0):
    N, C, H, W = x.shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    columns = np.empty((N * OH * OW, C * R * S), x.dtype)
    row = 0
    for n in range(N):
        for i in range(0, OH * stride, stride):
            for j in range(0, OW * stride, stride):
                columns[row] = padded[n, :, i : i + R, j : j + S].ravel()
                row += 1
    return columns
