"""
why = "Partial tiles and partial waves are dropped."
base = "solution"

[marks]
tile_quantization_edges = 0
wave_quantization_tail = 0
"""

# %% quantization
#| export
def tile_quantization(m, n, tile_m, tile_n):
    """Return tiles and efficiency of covering an (m, n) matrix."""
    if min(m, n, tile_m, tile_n) < 1:
        raise ValueError("expected numbers of at least 1")
    tiles = max(1, (m // tile_m) * (n // tile_n))
    return {"tiles": tiles, "efficiency": m * n / (tiles * tile_m * tile_n)}


def wave_quantization(tiles, sms, blocks_per_sm=1):
    """Return waves, tail and efficiency of running so many tiles."""
    if min(tiles, sms, blocks_per_sm) < 1:
        raise ValueError("expected numbers of at least 1")
    slots = sms * blocks_per_sm
    waves = max(1, tiles // slots)
    return {"waves": waves, "tail": tiles - (waves - 1) * slots, "efficiency": tiles / (waves * slots)}


def tiled_matmul_global_loads(m, n, k, tile):
    """Return the elements that a tiled product (m, k) @ (k, n) loads from global memory."""
    if min(m, n, k, tile) < 1:
        raise ValueError("expected numbers of at least 1")
    return m * k * -(-n // tile) + k * n * -(-m // tile)
