"""
why = "conv2d_shift lays out the windows after all: no faster than im2col, and it holds the columns."
base = "solution"

[marks]
conv2d_shift_memory = 0
conv2d_shift_speed = 2

[reasons]
conv2d_shift_memory = "are the windows laid out after all"
"""

# %% conv2d_shift
def conv2d_shift(x, w, stride=1, pad=0):
    return conv2d_im2col(x, w, stride, pad)
