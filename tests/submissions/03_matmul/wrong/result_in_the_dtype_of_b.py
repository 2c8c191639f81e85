"""
why = "Makes the result in the dtype of B, and takes a cache of one byte for none."
base = "solution"

[marks]
cache_sim_refuses = 0
matmul_cache_optimized_dtype_and_views = 0
"""

# %% matmul_cache_optimized
#| export
def matmul_cache_optimized(A, B, block_size=64):
    """Multiply (m, k) by (k, n) as a sum of library products of blocks."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul_cache_optimized: cannot multiply {A.shape} by {B.shape}; the inner extents must agree")
    if block_size < 1:
        raise ValueError(f"matmul_cache_optimized: block_size must be at least 1, got {block_size}")
    C = np.zeros((A.shape[0], B.shape[1]), B.dtype)
    for i in range(0, A.shape[0], block_size):
        rows = slice(i, i + block_size)
        for j in range(0, B.shape[1], block_size):
            columns = slice(j, j + block_size)
            for l in range(0, A.shape[1], block_size):
                shared = slice(l, l + block_size)
                C[rows, columns] += A[rows, shared] @ B[shared, columns]
    return C


blocked_matmul = matmul_blocked = matmul_cache_optimized

# %% cache_sim
#| export
class CacheSim:
    """A set-associative cache with LRU replacement; addresses are bytes."""

    def __init__(self, size, line, ways):
        if line < 1 or ways < 1 or size < 2 or size % (line * ways) != 0:
            raise ValueError(f"CacheSim: size must be a positive multiple of line * ways, got {size}, {line} and {ways}")
        self.line, self.ways = line, ways
        self.hits = self.misses = 0
        self._sets = [[] for _ in range(size // (line * ways))]  # each: line numbers, the least recently used first

    def access(self, address):
        """Touch one byte address; return True for a hit, False for a miss."""
        number = address // self.line
        lines = self._sets[number % len(self._sets)]
        hit = number in lines
        if hit:
            lines.remove(number)
            self.hits += 1
        else:
            self.misses += 1
            if len(lines) == self.ways:
                del lines[0]
        lines.append(number)
        return hit

    @property
    def miss_rate(self):
        """Misses over accesses; 0.0 before the first access."""
        accesses = self.hits + self.misses
        return self.misses / accesses if accesses else 0.0
