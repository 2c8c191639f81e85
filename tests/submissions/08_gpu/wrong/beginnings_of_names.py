"""
why = "Takes any name that begins like a pattern, and leaves a stride of 0 to NumPy, which takes a negative one."
base = "solution"

[marks]
pattern_addresses_values = 0
"""

# %% coalescing
#| export
def pattern_addresses(pattern, shape, itemsize=4, stride=2, seed=0, base=0):
    rows, cols = shape
    count = rows * cols
    if pattern.startswith("row"):
        order = np.arange(count)
    elif pattern.startswith("column"):
        order = np.arange(count).reshape(rows, cols).ravel(order="F")
    elif pattern.startswith("stride"):
        order = np.arange(count)[::stride]
    elif pattern.startswith("rand"):
        order = np.random.default_rng(seed).permutation(count)
    else:
        raise ValueError(f"pattern {pattern}")
    return (base + itemsize * order).astype(np.int64)


def coalescing_report(addresses, mask=None, itemsize=4, sector=32):
    addresses = np.asarray(addresses)
    mask = np.ones(len(addresses), bool) if mask is None else np.asarray(mask)
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
