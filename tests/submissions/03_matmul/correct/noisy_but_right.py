"""
why = "Warnings on stderr, prints by the thousand, a plot and a stray last value cost nothing."
base = "solution"
"""

# %% matmul_vectorized
import sys
import warnings


def matmul_vectorized(A, B):
    warnings.warn("this warning goes to stderr")
    print("multiplying", A.shape, "by", B.shape, file=sys.stderr)
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} {B.shape}")
    return A @ B


optimized_matmul = matmul_numpy = matmul_baseline = vectorized_matmul = matmul_vectorized
np.float64(1.0)

# %% + after=matmul_vectorized
import matplotlib.pyplot as plt

plt.plot([1, 2, 3])
plt.show()
for line in range(5000):
    print("line", line)
"a stray last value"
