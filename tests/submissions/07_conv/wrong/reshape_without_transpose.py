"""
why = "The result of the product is given the right shape without moving its axes."
base = "solution"

[marks]
conv2d_im2col_values = 0
conv2d_im2col_shapes = 0
conv2d_im2col_dtype_and_views = 0
conv2d_im2col_one_product = 0
conv2d_im2col_speed = 0
conv_bn_relu_values = 0
"""

# %% conv2d_im2col
def conv2d_im2col(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, channels, R, S = w.shape
    if C != channels:
        raise ValueError(f"{x.shape} and {w.shape}")
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    y = im2col(x, R, S, stride, pad) @ w.reshape(K, -1).T
    return y.reshape(N, K, OH, OW)
