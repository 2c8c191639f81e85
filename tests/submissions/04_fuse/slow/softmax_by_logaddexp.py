"""
why = "A whole-array reduction without a loop, by a function that takes its time: part of the points."
base = "solution"

[marks]
softmax_speed = 2
"""

# %% softmax
def softmax(x, axis=-1):
    x = np.asarray(x, dtype=x.dtype if x.dtype.kind == "f" else np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        log_total = np.logaddexp.reduce(x, axis=axis, keepdims=True)
        shares = np.exp(x - log_total)
    shares[np.broadcast_to(np.isneginf(log_total), shares.shape)] = 0
    return shares
