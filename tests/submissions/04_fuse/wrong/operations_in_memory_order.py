"""
why = "Takes distance and dot product over the elements as they lie in memory: of C and Fortran order other elements meet."
base = "solution"

[marks]
vectorized_operations_shapes = 0
"""

# %% vectorized_operations
def vectorized_operations(x, y):
    if x.shape != y.shape:
        raise ValueError(f"vectorized_operations: expected equal shapes, got {x.shape} and {y.shape}")
    dtype = np.result_type(x, y)
    if not np.issubdtype(dtype, np.floating):
        dtype = np.dtype(np.int64)
    x, y = x.astype(dtype, copy=False), y.astype(dtype, copy=False)
    squared = np.asarray(x - y)
    squared *= squared
    return {
        "element_wise_multiply": np.asarray(x * y),
        "element_wise_add": np.asarray(x + y),
        "squared_difference": squared,
        "euclidean_distance": np.sqrt(squared.sum()),
        "dot_product": np.dot(x.ravel("K"), y.ravel("K")),
    }
