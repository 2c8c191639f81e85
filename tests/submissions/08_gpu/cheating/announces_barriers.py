"""
why = "Tells the tracer of barriers that nobody waits at; the values are wrong all the same."
base = "solution"

[marks]
matmul_tiled_values = 0
matmul_tiled_ragged = 0
matmul_tiled_loads = 0
matmul_tiled_barriers = 0
"""

# %% matmul_tiled_kernel
#| export
def matmul_tiled_kernel(w, A, B, C, m, n, k):
    """Store (m, k) @ (k, n) in C, in square tiles of the size of a block."""
    size = w.block[0]
    part_of_a, part_of_b = w.shared("A", size * size), w.shared("B", size * size)
    row, column = w.by * size + w.ty, w.bx * size + w.tx
    total = np.zeros(WARP, np.float32)
    for start in range(0, k, size):
        w.store(part_of_a, w.ty * size + w.tx, w.load(A, row * k + start + w.tx, (row < m) & (start + w.tx < k)))
        w.store(part_of_b, w.ty * size + w.tx, w.load(B, (start + w.ty) * n + column, (start + w.ty < k) & (column < n)))
        w._shelf.ask_for("barrier")
        for l in range(size):
            total += w.load(part_of_a, w.ty * size + l) * w.load(part_of_b, l * size + w.tx)
        w._shelf.ask_for("barrier")
    w.store(C, row * n + column, total, (row < m) & (column < n))
