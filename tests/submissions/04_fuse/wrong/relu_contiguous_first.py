"""
why = "Makes a contiguous copy first, as one often reads."
base = "solution"

[marks]
one_pass_memory = 0

[reasons]
one_pass_memory = "is x copied first"
"""

# %% vectorized_relu
def vectorized_relu(x, out=None):
    if out is not None and (out.shape != x.shape or out.dtype != x.dtype):
        raise ValueError("out")
    if x.ndim and not x.flags.c_contiguous:
        x = np.ascontiguousarray(x)
    return np.maximum(x, 0, out=out)
