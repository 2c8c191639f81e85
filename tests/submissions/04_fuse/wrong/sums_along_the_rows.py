"""
why = "Adds up each row in place of each column."
base = "solution"

[marks]
fused_relu_sums_values = 0
one_pass_memory = 0
fused_relu_sums_speed = 0
"""

# %% fused_relu_sums
@njit
def fused_sums_kernel(X, a, b, sums):
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            value = a * X[i, j] + b
            sums[i] += 0 if value < 0 else value


def fused_relu_sums(X, a, b):
    sums = np.zeros(X.shape[0], X.dtype)
    fused_sums_kernel(np.ascontiguousarray(X), X.dtype.type(a), X.dtype.type(b), sums)
    return sums
