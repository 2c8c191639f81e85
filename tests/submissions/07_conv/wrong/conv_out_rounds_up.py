"""
why = "Windows that hang over the edge are counted: the division rounds up."
base = "release"

[marks]
conv_out_refuses = 1
"""

# %% conv2d_naive
def conv_out(size, kernel, stride=1, pad=0):
    if kernel < 1 or stride < 1 or pad < 0 or kernel > size + 2 * pad:
        raise ValueError(f"conv_out: {size}, {kernel}, {stride}, {pad}")
    return -((size + 2 * pad - kernel) // -stride) + 1
