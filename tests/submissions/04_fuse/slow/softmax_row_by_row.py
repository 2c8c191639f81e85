"""
why = "np.apply_along_axis is a Python loop."
base = "solution"

[marks]
softmax_dtype_and_input = 0
softmax_speed = 0
"""

# %% softmax
def one_row(row):
    top = row.max()
    if top == -np.inf:
        return np.zeros(row.shape, np.result_type(row, np.float32))
    weights = np.exp(row - top)
    return weights / weights.sum()


def softmax(x, axis=-1):
    return np.apply_along_axis(one_row, axis, x)
