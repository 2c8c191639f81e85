"""
why = "Refuses a stride below 1 for the strided pattern alone."
base = "solution"

[marks]
pattern_addresses_values = 0
"""

# %% coalescing
#| export
def pattern_addresses(pattern, shape, itemsize=4, stride=2, seed=0, base=0):
    """Return the byte address that each thread reads, in the order of the threads."""
    rows, cols = shape
    if pattern == "strided" and stride < 1:
        raise ValueError(f"the stride must be at least 1, got {stride}")
    elements = np.arange(rows * cols).reshape(rows, cols)
    if pattern == "row_major":
        order = elements.ravel()
    elif pattern == "column_major":
        order = elements.T.ravel()
    elif pattern == "strided":
        order = elements.ravel()[::stride]
    elif pattern == "random":
        order = np.random.default_rng(seed).permutation(rows * cols)
    else:
        raise ValueError(f"unknown pattern {pattern!r}")
    return base + itemsize * order.astype(np.int64)


def coalescing_report(addresses, mask=None, itemsize=4, sector=32):
    """Return warps, transactions, ideal_transactions, useful_bytes, moved_bytes and efficiency."""
    addresses = np.asarray(addresses)
    mask = np.ones(len(addresses), bool) if mask is None else np.asarray(mask, bool)
    warps = transactions = ideal = useful = 0
    for start in range(0, len(addresses), WARP):
        lanes, active = addresses[start : start + WARP], mask[start : start + WARP]
        wanted = np.unique(lanes[active, None] + np.arange(itemsize)).size
        warps += 1
        transactions += global_transactions(lanes, active, itemsize, sector)
        ideal += -(-wanted // sector)
        useful += wanted
    return {
        "warps": warps,
        "transactions": transactions,
        "ideal_transactions": ideal,
        "useful_bytes": useful,
        "moved_bytes": transactions * sector,
        "efficiency": useful / (transactions * sector) if transactions else 1.0,
    }


def analyze_memory_coalescing(access_pattern, data_shape, itemsize=4, stride=2, seed=0):
    """Return efficiency, transactions and what there is to gain for a pattern of accesses to a matrix."""
    report = coalescing_report(pattern_addresses(access_pattern, data_shape, itemsize, stride, seed), itemsize=itemsize)
    return {
        "access_pattern": access_pattern,
        "data_shape": data_shape,
        "coalescing_efficiency": report["efficiency"],
        "memory_transactions": report["transactions"],
        "optimization_potential": 1 - report["efficiency"],
    }
