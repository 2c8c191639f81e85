"""
why = "Turns the tile around in the stores, which scatters them over global memory."
base = "solution"

[marks]
transpose_tiled_sectors = 0
transpose_tiled_bank_passes = 0
"""

# %% transpose_tiled_kernel
#| export
def transpose_tiled_kernel(w, source, out, rows, cols, pitch):
    """Store the transpose of source (rows, cols) in out (cols, rows), through a shared tile with this pitch."""
    tile = w.shared("tile", 32 * pitch)
    row, column = w.by * 32 + w.ty, w.bx * 32 + w.tx
    inside = (row < rows) & (column < cols)
    w.store(tile, w.ty * pitch + w.tx, w.load(source, row * cols + column, inside), inside)
    yield
    w.store(out, column * rows + row, w.load(tile, w.ty * pitch + w.tx, inside), inside)
