"""
why = "Passes the tile through a variable of Python in place of shared memory; its counts show that."
base = "solution"

[marks]
transpose_tiled_bank_passes = 0
"""

# %% transpose_tiled_kernel
kept = {}


def transpose_tiled_kernel(w, source, out, rows, cols, pitch):
    row, column = w.by * 32 + w.ty, w.bx * 32 + w.tx
    inside = (row < rows) & (column < cols)
    kept[w.warp] = w.load(source, row * cols + column, inside)
    yield
    row, column = w.bx * 32 + w.ty, w.by * 32 + w.tx
    inside = (row < cols) & (column < rows)
    w.store(out, row * rows + column, np.array([kept[t][w.warp] for t in range(32)]), inside)
