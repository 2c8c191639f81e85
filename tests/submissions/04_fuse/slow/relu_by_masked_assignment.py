"""
why = "Copies, then sets what is negative: a branch and a mask."
base = "solution"

[marks]
one_pass_memory = 0
vectorized_relu_speed = 0
"""

# %% vectorized_relu
def vectorized_relu(x, out=None):
    if out is None:
        out = np.empty_like(x)
    elif out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError("out")
    np.copyto(out, x)
    out[x < 0] = 0
    return out
