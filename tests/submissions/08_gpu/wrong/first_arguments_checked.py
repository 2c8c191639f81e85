"""
why = "Checks the one argument of each function that the visible tests and the formula make it think of."
base = "solution"

[marks]
tile_quantization_edges = 0
wave_quantization_tail = 0
tiled_matmul_global_loads_counts = 0
"""

# %% quantization
#| export
def tile_quantization(m, n, tile_m, tile_n):
    if tile_m < 1 or tile_n < 1:
        raise ValueError("expected tiles of at least 1")
    tiles = -(-m // tile_m) * -(-n // tile_n)
    return {"tiles": tiles, "efficiency": m * n / (tiles * tile_m * tile_n) if tiles else 1.0}


def wave_quantization(tiles, sms, blocks_per_sm=1):
    if tiles < 1:
        raise ValueError("expected at least one tile")
    slots = sms * blocks_per_sm
    waves = -(-tiles // slots)
    return {"waves": waves, "tail": tiles - (waves - 1) * slots, "efficiency": tiles / (waves * slots)}


def tiled_matmul_global_loads(m, n, k, tile):
    if tile < 1:
        raise ValueError("expected a tile of at least 1")
    return m * k * -(-n // tile) + k * n * -(-m // tile)
