"""
why = "The tests of a wrong function are gone from the notebook, or tagged skip-execution."
base = "solution"

[marks]
matmul_naive_values = 0
matmul_naive_ragged_shapes = 0
matmul_naive_refuses_mismatch = 0
matmul_naive_dtype_and_views = 0
matmul_naive_by_hand = 0

[surgery]
delete = ["matmul_naive_values", "matmul_naive_ragged_shapes", "matmul_naive_refuses_mismatch"]
skip_tag = ["matmul_naive_dtype_and_views", "matmul_naive_by_hand"]
"""

# %% matmul_naive
def matmul_naive(A, B):
    return A


educational_matmul = matmul_custom = matmul_naive
