"""
why = "No temporaries but one, still four passes."
base = "solution"

[marks]
one_pass_memory = 0
fused_relu_sums_speed = 0
"""

# %% fused_relu_sums
def fused_relu_sums(X, a, b):
    Y = np.multiply(X, X.dtype.type(a))
    Y += X.dtype.type(b)
    np.maximum(Y, 0, out=Y)
    return Y.sum(axis=0)
