"""
why = "Mixes up rows and columns where the extents differ."
base = "solution"

[marks]
transpose_naive_values = 0
"""

# %% transpose_naive_kernel
#| export
def transpose_naive_kernel(w, source, out, rows, cols):
    """Store the transpose of source (rows, cols) in out (cols, rows), straight through global memory."""
    row, column = w.by * w.block[1] + w.ty, w.bx * w.block[0] + w.tx
    inside = (row < rows) & (column < cols)
    w.store(out, column * cols + row, w.load(source, row * cols + column, inside), inside)
