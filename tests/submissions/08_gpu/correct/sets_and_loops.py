"""
why = "Plain Python: sets, dicts and loops, double loads of the same thing avoided, kernels with helpers."
base = "solution"
"""

# %% global_transactions
#| export
def global_transactions(addresses, mask=None, itemsize=4, sector=32):
    addresses = [int(address) for address in addresses]
    if mask is None:
        mask = [True] * len(addresses)
    if len(mask) != len(addresses):
        raise ValueError("mask")
    if itemsize <= 0 or sector <= 0:
        raise ValueError("size")
    return len({byte // sector for address, on in zip(addresses, mask) if on for byte in range(address, address + itemsize)})

# %% coalescing
#| export
def pattern_addresses(pattern, shape, itemsize=4, stride=2, seed=0, base=0):
    rows, cols = shape
    if stride <= 0:
        raise ValueError("stride")
    match pattern:
        case "row_major":
            elements = list(range(rows * cols))
        case "column_major":
            elements = [r * cols + c for c in range(cols) for r in range(rows)]
        case "strided":
            elements = list(range(0, rows * cols, stride))
        case "random":
            elements = list(range(rows * cols))
            np.random.default_rng(seed).shuffle(elements)
        case _:
            raise ValueError("pattern")
    return np.array([base + itemsize * element for element in elements], np.int64)


def coalescing_report(addresses, mask=None, itemsize=4, sector=32):
    addresses = [int(address) for address in addresses]
    mask = [True] * len(addresses) if mask is None else [bool(on) for on in mask]
    report = dict(warps=0, transactions=0, ideal_transactions=0, useful_bytes=0, moved_bytes=0)
    while addresses:
        lanes, on = addresses[:32], mask[:32]
        addresses, mask = addresses[32:], mask[32:]
        wanted = {byte for lane, active in zip(lanes, on) if active for byte in range(lane, lane + itemsize)}
        sectors = {byte // sector for byte in wanted}
        report["warps"] += 1
        report["transactions"] += len(sectors)
        report["ideal_transactions"] += (len(wanted) + sector - 1) // sector
        report["useful_bytes"] += len(wanted)
        report["moved_bytes"] += len(sectors) * sector
    report["efficiency"] = report["useful_bytes"] / report["moved_bytes"] if report["moved_bytes"] else 1.0
    return report


def analyze_memory_coalescing(access_pattern, data_shape, itemsize=4, stride=2, seed=0):
    report = coalescing_report(pattern_addresses(access_pattern, data_shape, itemsize, stride, seed), None, itemsize)
    return dict(
        access_pattern=access_pattern,
        data_shape=list(data_shape),
        coalescing_efficiency=report["efficiency"],
        memory_transactions=report["transactions"],
        optimization_potential=1.0 - report["efficiency"],
        warps=report["warps"],
    )

# %% banks
#| export
def bank_conflict_degree(addresses, mask=None, banks=32, word=4):
    wanted = {}
    lanes = list(addresses)
    if mask is not None and len(list(mask)) != len(lanes):
        raise ValueError("mask")
    for number, address in enumerate(lanes):
        if mask is None or mask[number]:
            wanted.setdefault(int(address) // word % banks, set()).add(int(address) // word)
    return max(map(len, wanted.values()), default=0)


def tile_column_conflicts(pitch, rows=32):
    import math

    if pitch < 1 or rows < 1 or rows > 32:
        raise ValueError("pitch or rows")
    different_banks = 32 // math.gcd(pitch, 32)
    return (rows + different_banks - 1) // different_banks

# %% warp_divergence
#| export
def warp_divergence(conditions, then_cost=1, else_cost=1, common_cost=0):
    for cost in (then_cost, else_cost, common_cost):
        if cost < 0:
            raise ValueError(f"negative cost {cost}")
    threads = [bool(condition) for condition in conditions]
    warps = [threads[start : start + 32] for start in range(0, len(threads), 32)]
    issued = sum(common_cost + any(warp) * then_cost + (not all(warp)) * else_cost for warp in warps)
    useful = sum(common_cost + (then_cost if thread else else_cost) for thread in threads)
    return {
        "warps": len(warps),
        "divergent_warps": sum(any(warp) and not all(warp) for warp in warps),
        "issued": issued,
        "warp_efficiency": useful / (32 * issued) if issued > 0 else 1.0,
    }

# %% quantization
#| export
import math


def tile_quantization(m, n, tile_m, tile_n):
    if any(number < 1 for number in (m, n, tile_m, tile_n)):
        raise ValueError("at least 1")
    tiles = math.ceil(m / tile_m) * math.ceil(n / tile_n)
    return dict(tiles=tiles, efficiency=(m / tile_m) * (n / tile_n) / tiles)


def wave_quantization(tiles, sms, blocks_per_sm=1):
    if any(number < 1 for number in (tiles, sms, blocks_per_sm)):
        raise ValueError("at least 1")
    full, tail = divmod(tiles, sms * blocks_per_sm)
    waves = full + bool(tail)
    return dict(waves=waves, tail=tail or sms * blocks_per_sm, efficiency=tiles / (waves * sms * blocks_per_sm))


def tiled_matmul_global_loads(m, n, k, tile):
    if any(number < 1 for number in (m, n, k, tile)):
        raise ValueError("at least 1")
    loads = 0
    for row in range(0, m, tile):
        for column in range(0, n, tile):
            loads += k * min(tile, m - row) + k * min(tile, n - column)
    return loads
