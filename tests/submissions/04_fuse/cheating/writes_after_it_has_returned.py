"""
why = "A thread finishes the work while the clock no longer counts it."
base = "solution"

[marks]
fused_relu_sums_values = 0
one_pass_memory = 0
fused_relu_sums_speed = 0
"""

# %% fused_relu_sums
import threading


def fused_relu_sums(X, a, b):
    sums = np.full(X.shape[1], np.nan, X.dtype)

    def work():
        time.sleep(0.1)
        sums[...] = np.maximum(X.dtype.type(a) * X + X.dtype.type(b), 0).sum(axis=0)

    threading.Thread(target=work, daemon=True).start()
    return sums
