"""
why = "The difference is made twice, and squared into a new array."
base = "solution"

[marks]
one_pass_memory = 0

[reasons]
one_pass_memory = "which expression makes a temporary"
"""

# %% vectorized_operations
def vectorized_operations(x, y):
    if x.shape != y.shape:
        raise ValueError(f"{x.shape} and {y.shape}")
    if np.result_type(x, y).kind in "iu":
        x, y = x.astype(np.int64), y.astype(np.int64)
    return {
        "element_wise_multiply": x * y,
        "element_wise_add": x + y,
        "squared_difference": (x - y) ** 2,
        "euclidean_distance": np.sqrt(((x - y) ** 2).sum()),
        "dot_product": np.vdot(x, y),
    }
