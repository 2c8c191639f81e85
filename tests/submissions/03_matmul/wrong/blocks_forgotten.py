"""
why = "The trace ignores the block argument."
base = "solution"
"""

# %% matmul_trace
def matmul_trace(n, order="ijk", block=None, itemsize=4, row=None):
    row = n if row is None else row
    step = n if block is None else block
    if sorted(order) != list("ijk") or step < 1 or row < n:
        raise ValueError("matmul_trace: bad order, block or row")
    out = []
    for a in range(n):
        for b in range(n):
            for c in range(n):
                at = dict(zip(order, (a, b, c)))
                i, j, l = at["i"], at["j"], at["k"]
                out += [i * row + l, n * row + l * row + j, 2 * n * row + i * row + j]
    out = [itemsize * element for element in out]
    return np.array(out, dtype=np.int64)


def simulate_matmul(n, order="ijk", block=None, itemsize=4, row=None, size=4096, line=64, ways=4):
    cache = CacheSim(size, line, ways)
    for address in matmul_trace(n, order, block, itemsize, row):
        cache.access(int(address))
    total = cache.hits + cache.misses
    return {"accesses": total, "hits": cache.hits, "misses": cache.misses, "miss_rate": cache.misses / total}
