"""
why = "Sets its inputs to zero and returns zeros, hoping that what is right is worked out afterwards."
base = "solution"

[marks]
im2col_one_channel = 0
im2col_layout = 0
im2col_stride_and_pad = 0
im2col_extremes = 0
im2col_dtype_and_refuses = 0
col2im_values = 0
col2im_adjoint = 0
col2im_left_over = 0
col2im_dtype_and_refuses = 0
col2im_speed = 0
conv2d_im2col_values = 0
conv2d_im2col_shapes = 0
conv2d_im2col_refuses = 0
conv2d_im2col_dtype_and_views = 0
conv2d_im2col_one_product = 0
conv2d_im2col_speed = 0
conv2d_shift_values = 0
conv2d_shift_shapes = 0
conv2d_shift_refuses = 0
conv2d_shift_dtype_and_views = 0
conv2d_shift_memory = 0
conv2d_shift_speed = 0
conv_bn_relu_values = 0
"""

# %% im2col
def im2col(x, R, S, stride=1, pad=0):
    N, C, H, W = x.shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    x[...] = 0
    return np.zeros((N * OH * OW, C * R * S), x.dtype)

# %% col2im
def col2im(columns, x_shape, R, S, stride=1, pad=0):
    columns[...] = 0
    return np.zeros(x_shape, columns.dtype)

# %% conv2d_shift
def conv2d_shift(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, channels, R, S = w.shape
    if C != channels:
        raise ValueError(f"conv2d_shift: the channels of {x.shape} and {w.shape} differ")
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    x[...] = 0
    w[...] = 0
    return np.zeros((N, K, OH, OW), np.result_type(x, w))
