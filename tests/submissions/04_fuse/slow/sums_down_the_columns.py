"""
why = "One compiled pass, with the rows as the inner loop: a strided walk and a chain of additions."
base = "solution"

[marks]
fused_relu_sums_speed = 0
"""

# %% fused_relu_sums
@njit
def fused_sums_kernel(X, a, b, sums):
    for j in range(X.shape[1]):
        total = sums[j]
        for i in range(X.shape[0]):
            value = a * X[i, j] + b
            total += 0 if value < 0 else value
        sums[j] = total


def fused_relu_sums(X, a, b):
    sums = np.zeros(X.shape[1], X.dtype)
    fused_sums_kernel(np.ascontiguousarray(X), X.dtype.type(a), X.dtype.type(b), sums)
    return sums
