"""
why = "The formula as it stands."
base = "solution"

[marks]
softmax_dtype_and_input = 0
softmax_large_logits_and_masks = 0
"""

# %% softmax
def softmax(x, axis=-1):
    weights = np.exp(x)
    return weights / weights.sum(axis=axis, keepdims=True)
