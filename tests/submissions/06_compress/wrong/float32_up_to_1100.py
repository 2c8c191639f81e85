"""
why = "Stays in float32 for up to 1,100 products: the last ones may be lost. The count comes as a float."
base = "solution"

[marks]
max_exact_k_values = 0
int_matmul_long_sums = 0
"""

# %% int_matmul
def max_exact_k(bits=8, dtype="float32"):
    return (2.0 ** (np.finfo(dtype).nmant + 1)) // (2 ** (bits - 1)) ** 2


def int_matmul(qa, qb):
    if qa.shape[1] != qb.shape[0]:
        raise ValueError(f"int_matmul: cannot multiply {qa.shape} by {qb.shape}")
    kind = np.float32 if qa.shape[1] <= 1100 else np.float64
    return (qa.astype(kind) @ qb.astype(kind)).astype(np.int32)
