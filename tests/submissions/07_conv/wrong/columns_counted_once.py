"""
why = "The columns are written, but never read again; and the expansion counts the padding as input."
base = "solution"

[marks]
im2col_expansion_values = 0
conv_intensity_values = 0
"""

# %% im2col_expansion
def im2col_expansion(x_shape, R, S, stride=1, pad=0):
    N, C, H, W = x_shape
    return conv_out(H, R, stride, pad) * conv_out(W, S, stride, pad) * R * S / ((H + 2 * pad) * (W + 2 * pad))


def conv_intensity(x_shape, w_shape, stride=1, pad=0, itemsize=4, columns=False):
    N, C, H, W = x_shape
    K, _, R, S = w_shape
    rows = N * conv_out(H, R, stride, pad) * conv_out(W, S, stride, pad)
    elements = N * C * H * W + K * C * R * S + rows * K + columns * rows * C * R * S
    return 2 * rows * K * C * R * S / (elements * itemsize)
