"""
why = "Cuts the addresses into warps without making an array of them, so that a list fails."
base = "solution"

[marks]
coalescing_report_many_warps = 0
"""

# %% coalescing
#| export
def pattern_addresses(pattern, shape, itemsize=4, stride=2, seed=0, base=0):
    rows, cols = shape
    if stride < 1:
        raise ValueError(f"stride {stride}")
    count = rows * cols
    if pattern == "row_major":
        order = np.arange(count)
    elif pattern == "column_major":
        order = np.arange(count).reshape(rows, cols).ravel(order="F")
    elif pattern == "strided":
        order = np.arange(0, count, stride)
    elif pattern == "random":
        order = np.random.default_rng(seed).permutation(count)
    else:
        raise ValueError(f"pattern {pattern}")
    return (base + itemsize * order).astype(np.int64)


def coalescing_report(addresses, mask=None, itemsize=4, sector=32):
    if mask is None:
        mask = np.ones(len(addresses), bool)
    warps = transactions = ideal = useful = 0
    for start in range(0, len(addresses), WARP):
        wanted = set()
        for address in addresses[start : start + WARP][mask[start : start + WARP]]:
            wanted |= set(range(int(address), int(address) + itemsize))
        warps += 1
        transactions += len({byte // sector for byte in wanted})
        ideal += -(-len(wanted) // sector)
        useful += len(wanted)
    moved = transactions * sector
    return {
        "warps": warps, "transactions": transactions, "ideal_transactions": ideal,
        "useful_bytes": useful, "moved_bytes": moved, "efficiency": useful / moved if moved else 1.0,
    }


def analyze_memory_coalescing(access_pattern, data_shape, itemsize=4, stride=2, seed=0):
    found = coalescing_report(pattern_addresses(access_pattern, data_shape, itemsize, stride, seed), itemsize=itemsize)
    return {
        "access_pattern": access_pattern, "data_shape": data_shape,
        "coalescing_efficiency": found["efficiency"], "memory_transactions": found["transactions"],
        "optimization_potential": 1 - found["efficiency"],
    }
