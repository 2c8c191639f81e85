"""
why = "Subtracts the maximum of the whole array, not that of each row."
base = "solution"

[marks]
softmax_large_logits_and_masks = 0
softmax_dtype_and_input = 0
"""

# %% softmax
def softmax(x, axis=-1):
    if not np.issubdtype(x.dtype, np.floating):
        x = x.astype(np.float64)
    top = x.max()
    if np.isneginf(top):
        return np.zeros_like(x)
    shares = np.exp(x - top)
    total = shares.sum(axis=axis, keepdims=True)
    return shares / np.where(total == 0, 1, total)
