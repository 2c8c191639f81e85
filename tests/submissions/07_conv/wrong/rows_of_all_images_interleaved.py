"""
why = "Rows run over (i, j, n): right for one image, mixed up for a batch."
base = "solution"

[marks]
im2col_layout = 0
im2col_stride_and_pad = 0
im2col_extremes = 0
im2col_dtype_and_refuses = 0
conv2d_im2col_shapes = 0
conv2d_im2col_dtype_and_views = 0
conv2d_im2col_one_product = 0
conv_bn_relu_values = 0
"""

# %% im2col
def im2col(x, R, S, stride=1, pad=0):
    N, C, H, W = x.shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = sliding_window_view(padded, (R, S), axis=(2, 3))[:, :, ::stride, ::stride]
    return windows.transpose(2, 3, 0, 1, 4, 5).reshape(N * OH * OW, C * R * S)
