"""
why = "Leaves small integers as they are: differences wrap, and exp of int8 is half precision."
base = "solution"

[marks]
softmax_dtype_and_input = 0
"""

# %% softmax
def softmax(x, axis=-1):
    top = x.max(axis=axis, keepdims=True)
    top = np.where(np.isneginf(top), 0, top)
    shares = np.exp(x - top)
    total = shares.sum(axis=axis, keepdims=True)
    return shares / np.where(total == 0, 1, total)
