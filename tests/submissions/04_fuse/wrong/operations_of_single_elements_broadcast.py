"""
why = "Lets arrays of one element meet any shape; integers meet in float64, so that large ones lose their last digit."
base = "solution"

[marks]
vectorized_operations_shapes = 0
one_pass_memory = 0
"""

# %% vectorized_operations
def vectorized_operations(x, y):
    if x.shape != y.shape and x.size > 1 and y.size > 1:
        raise ValueError(f"vectorized_operations: expected equal shapes, got {x.shape} and {y.shape}")
    dtype = np.result_type(x, y)
    if not np.issubdtype(dtype, np.floating):
        dtype = np.dtype(np.int64)
    x, y = x.astype(dtype, copy=False), y.astype(dtype, copy=False)
    product, squared = np.asarray(x * y), np.asarray(x - y)
    squared *= squared
    return {
        "element_wise_multiply": product,
        "element_wise_add": np.asarray(x + y),
        "squared_difference": squared,
        "euclidean_distance": np.sqrt(squared.sum()),
        "dot_product": float(product.astype(float).sum()),
    }
