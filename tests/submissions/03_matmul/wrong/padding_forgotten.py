"""
why = "The trace ignores the row length, so padding changes nothing."
base = "solution"

[marks]
matmul_trace_addresses = 0
simulate_matmul_blocks_and_padding = 0
"""

# %% matmul_trace
def matmul_trace(n, order="ijk", block=None, itemsize=4, row=None):
    row = n if row is None else row
    step = n if block is None else block
    if sorted(order) != list("ijk") or step < 1 or row < n:
        raise ValueError("matmul_trace: bad order, block or row")
    out = []
    starts = range(0, n, step)
    for i0, j0, k0 in ((a, b, c) for a in starts for b in starts for c in starts):
        spans = {"i": range(i0, min(i0 + step, n)), "j": range(j0, min(j0 + step, n)), "k": range(k0, min(k0 + step, n))}
        for a in spans[order[0]]:
            for b in spans[order[1]]:
                for c in spans[order[2]]:
                    at = dict(zip(order, (a, b, c)))
                    i, j, l = at["i"], at["j"], at["k"]
                    out += [i * n + l, n * n + l * n + j, 2 * n * n + i * n + j]
    out = [itemsize * element for element in out]
    return np.array(out, dtype=np.int64)


def simulate_matmul(n, order="ijk", block=None, itemsize=4, row=None, size=4096, line=64, ways=4):
    cache = CacheSim(size, line, ways)
    for address in matmul_trace(n, order, block, itemsize, row):
        cache.access(int(address))
    total = cache.hits + cache.misses
    return {"accesses": total, "hits": cache.hits, "misses": cache.misses, "miss_rate": cache.misses / total}
