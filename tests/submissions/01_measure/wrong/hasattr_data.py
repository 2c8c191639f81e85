"""
why = "as_array takes anything with an attribute data for a Tensor."
base = "solution"

[marks]
as_array_takes_what_kernels_get = 0

[reasons]
as_array_takes_what_kernels_get = "expected an ndarray"
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
        count = 2 * N * K * OH * OW * C * R * S
        self.total += count
        return count

    def elementwise(self, n, ops=1):
        """Count an expression of `ops` operations on each of n elements."""
        count = n * ops
        self.total += count
        return count


def matmul_bytes(m, k, n, itemsize=4):
    """Return the bytes of A (m, k), B (k, n) and C (m, n) together."""
    return (m * k + k * n + m * n) * itemsize


def as_array(x):
    """Return the array in x: an ndarray itself, a Tensor's data, or an array made of a list or a number."""
    return x.data if hasattr(x, "data") else np.asarray(x)
