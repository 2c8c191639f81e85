"""
why = "Reads the tile before the other warps have stored it."
base = "solution"

[marks]
transpose_tiled_values = 0
transpose_tiled_ragged = 0
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
    row, column = w.bx * 32 + w.ty, w.by * 32 + w.tx
    inside = (row < cols) & (column < rows)
    w.store(out, row * rows + column, w.load(tile, w.tx * pitch + w.ty, inside), inside)
