"""
why = "The axis is ignored."
base = "solution"

[marks]
softmax_axes = 0
softmax_large_logits_and_masks = 0
softmax_dtype_and_input = 0
"""

# %% softmax
def softmax(x, axis=-1):
    top = x.max(axis=-1, keepdims=True)
    weights = np.exp(x - np.where(np.isneginf(top), 0, top))
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total)
