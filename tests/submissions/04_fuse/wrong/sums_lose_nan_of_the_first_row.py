"""
why = "The first row is written and not added, and its NaN is taken for 0."
base = "solution"

[marks]
fused_relu_sums_values = 0
"""

# %% fused_relu_sums
@njit
def fused_sums_kernel(X, a, b, sums):
    for j in range(sums.size):
        value = a * X[0, j] + b
        sums[j] = value if value > 0 else 0
    for i in range(1, X.shape[0]):
        row = X[i]
        for j in range(sums.size):
            value = a * row[j] + b
            sums[j] += 0 if value < 0 else value


def fused_relu_sums(X, a, b):
    sums = np.zeros(X.shape[1], X.dtype)
    if X.shape[0]:
        fused_sums_kernel(np.ascontiguousarray(X), X.dtype.type(a), X.dtype.type(b), sums)
    return sums
