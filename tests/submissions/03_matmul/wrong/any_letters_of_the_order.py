"""
why = "An order is known where it holds i, j and k, however often."
base = "solution"

[marks]
matmul_trace_blocks = 0
"""

# %% matmul_trace
def matmul_trace(n, order="ijk", block=None, itemsize=4, row=None):
    """Return the byte addresses that the loops of an n x n product touch, in order."""
    row = n if row is None else row
    step = n if block is None else block
    if set(order) != set("ijk"):
        raise ValueError(f"matmul_trace: order must hold each of i, j and k once, got {order!r}")
    if step < 1 or row < n:
        raise ValueError(f"matmul_trace: block must be at least 1 and row at least n = {n}, got {block} and {row}")
    matrix = n * row
    starts = range(0, n, step)
    pieces = []
    for corner in ((i, j, k) for i in starts for j in starts for k in starts):
        spans = {letter: np.arange(start, min(start + step, n)) for letter, start in zip("ijk", corner)}
        order = "".join(dict.fromkeys(order))
        grids = dict(zip(order, np.meshgrid(*(spans[letter] for letter in order), indexing="ij")))
        i, j, l = (grids[letter].ravel() for letter in "ijk")
        pieces.append(np.stack([i * row + l, matrix + l * row + j, 2 * matrix + i * row + j], axis=1).ravel())
    return itemsize * np.concatenate(pieces).astype(np.int64)


def simulate_matmul(n, order="ijk", block=None, itemsize=4, row=None, size=4096, line=64, ways=4):
    """Return accesses, hits, misses and miss rate of an n x n product in a cache."""
    cache = CacheSim(size, line, ways)
    for address in matmul_trace(n, order, block, itemsize, row).tolist():
        cache.access(address)
    return {"accesses": cache.hits + cache.misses, "hits": cache.hits, "misses": cache.misses, "miss_rate": cache.miss_rate}
