"""
why = "Columns run over (r, s, c): the same numbers in an order that the weights do not have. One channel hides it."
base = "solution"

[marks]
im2col_layout = 0
im2col_stride_and_pad = 0
im2col_extremes = 0
im2col_dtype_and_refuses = 0
conv2d_im2col_shapes = 0
conv2d_im2col_dtype_and_views = 0
conv2d_im2col_one_product = 0
conv2d_im2col_speed = 0
conv_bn_relu_values = 0

[reasons]
im2col_layout = "row 0"
"""

# %% im2col
def im2col(x, R, S, stride=1, pad=0):
    N, C, H, W = x.shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = sliding_window_view(padded, (R, S), axis=(2, 3))[:, :, ::stride, ::stride]
    return windows.transpose(0, 2, 3, 4, 5, 1).reshape(N * OH * OW, C * R * S)
