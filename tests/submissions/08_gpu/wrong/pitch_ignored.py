"""
why = "The rows of the tile always lie 32 elements apart."
base = "solution"

[marks]
transpose_tiled_bank_passes = 0

[reasons]
transpose_tiled_bank_passes = "expected 256 bank passes in 256 accesses, got 4224"
"""

# %% transpose_tiled_kernel
#| export
def transpose_tiled_kernel(w, source, out, rows, cols, pitch):
    """Store the transpose of source (rows, cols) in out (cols, rows), through a shared tile with this pitch."""
    tile = w.shared("tile", 32 * 32)
    row, column = w.by * 32 + w.ty, w.bx * 32 + w.tx
    inside = (row < rows) & (column < cols)
    w.store(tile, w.ty * 32 + w.tx, w.load(source, row * cols + column, inside), inside)
    yield
    row, column = w.bx * 32 + w.ty, w.by * 32 + w.tx
    inside = (row < cols) & (column < rows)
    w.store(out, row * rows + column, w.load(tile, w.tx * 32 + w.ty, inside), inside)
