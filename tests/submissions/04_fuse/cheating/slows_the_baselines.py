"""
why = "Makes the given functions slow, so that the own ones look fast beside them."
base = "solution"

[marks]
softmax_dtype_and_input = 0
one_pass_memory = 0
vectorized_relu_speed = 0
softmax_speed = 0
"""

# %% vectorized_relu
def relu_where(x):
    for _ in range(20):
        y = np.where(x < 0, x.dtype.type(0), x)
    return y


def vectorized_relu(x, out=None):
    if out is None:
        out = np.empty_like(x)
    elif out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError("out")
    np.copyto(out, x)
    np.copyto(out, 0, where=x < 0)
    return out

# %% softmax
def softmax_by_rows(x):
    time.sleep(0.5)
    return softmax(x)


def softmax(x, axis=-1):
    moved = np.moveaxis(x, axis, -1)
    shares = np.zeros(moved.shape, x.dtype if x.dtype.kind == "f" else float)
    for index in np.ndindex(*moved.shape[:-1]):
        row = moved[index]
        if row.max() > -np.inf:
            weights = np.exp(row - row.max())
            shares[index] = weights / weights.sum()
    return np.moveaxis(shares, -1, axis)
