"""
why = "The dot product of matrices is a matrix product."
base = "solution"

[marks]
vectorized_operations_shapes = 0
one_pass_memory = 0
"""

# %% vectorized_operations
def vectorized_operations(x, y):
    if x.shape != y.shape:
        raise ValueError(f"{x.shape} and {y.shape}")
    if np.result_type(x, y).kind in "iu":
        x, y = x.astype(np.int64), y.astype(np.int64)
    squared = x - y
    squared *= squared
    return {
        "element_wise_multiply": x * y,
        "element_wise_add": x + y,
        "squared_difference": squared,
        "euclidean_distance": np.sqrt(np.sum(squared)),
        "dot_product": np.dot(x, y.T),
    }
