"""
why = "The counts are products by NumPy, in 64 bits."
base = "solution"

[marks]
flop_counter_conv2d = 0
matmul_bytes_three_matrices = 0
"""

# %% counting
class FLOPCounter:
    """Counts floating point operations; a multiply-add is two."""

    def __init__(self):
        self.total = 0

    def matmul(self, m, k, n):
        """Count a product (m, k) @ (k, n)."""
        count = 2 * m * k * n
        self.total += count
        return count

    def conv2d(self, N, C, H, W, K, R, S, stride=1, pad=0):
        """Count a convolution of (N, C, H, W) with (K, C, R, S)."""
        OH = (H + 2 * pad - R) // stride + 1
        OW = (W + 2 * pad - S) // stride + 1
        count = int(np.prod([2, N, K, OH, OW, C, R, S]))
        self.total += count
        return count

    def elementwise(self, n, ops=1):
        """Count an expression of `ops` operations on each of n elements."""
        count = n * ops
        self.total += count
        return count


def matmul_bytes(m, k, n, itemsize=4):
    """Return the bytes of A (m, k), B (k, n) and C (m, n) together."""
    return int((np.int64(m) * k + np.int64(k) * n + np.int64(m) * n) * itemsize)


def as_array(x):
    """Return the array in x: an ndarray itself, a Tensor's data, or an array made of a list or a number."""
    if isinstance(x, np.ndarray):
        return x
    if isinstance(x, Tensor):
        return x.data
    return np.asarray(x)
