"""
why = "Computes in the dtype of the inputs, where small integers wrap."
base = "solution"

[marks]
vectorized_operations_integers = 0
"""

# %% vectorized_operations
def vectorized_operations(x, y):
    if x.shape != y.shape:
        raise ValueError(f"{x.shape} and {y.shape}")
    squared = x - y
    squared *= squared
    product = x * y
    return {
        "element_wise_multiply": product,
        "element_wise_add": x + y,
        "squared_difference": squared,
        "euclidean_distance": np.sqrt(np.sum(squared)),
        "dot_product": np.sum(product),
    }
