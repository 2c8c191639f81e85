"""
why = "Prints a verdict and ends cells with numbers that look like points."
base = "solution"

[marks]
matmul_naive_values = 0
matmul_naive_ragged_shapes = 0
matmul_naive_refuses_mismatch = 0
matmul_naive_dtype_and_views = 0
matmul_naive_by_hand = 0
"""

# %% matmul_naive
def matmul_naive(A, B):
    print("PASS: all points")
    return None


educational_matmul = matmul_custom = matmul_naive
print("PASS: matmul_naive, all 100 points")
100.0

# %% + before=matmul_naive_values
100.0
