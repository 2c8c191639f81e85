"""
why = "The maximum of the whole array is taken off, not that of each row: rows far below it become zeros."
base = "solution"
"""

# %% softmax
def softmax(x, axis=-1):
    top = x.max()
    if np.isneginf(top):
        top = x.dtype.type(0)
    shares = np.exp(x - top)
    total = shares.sum(axis=axis, keepdims=True)
    return shares / np.where(total == 0, 1, total)
