"""
why = "Loads every factor from global memory, through shared memory or not."
base = "solution"

[marks]
matmul_tiled_loads = 0
matmul_tiled_barriers = 0
"""

# %% matmul_tiled_kernel
def matmul_tiled_kernel(w, A, B, C, m, n, k):
    row, column = w.by * w.block[1] + w.ty, w.bx * w.block[0] + w.tx
    inside = (row < m) & (column < n)
    total = np.zeros(32, np.float32)
    for l in range(k):
        total += w.load(A, row * k + l, inside) * w.load(B, l * n + column, inside)
    w.store(C, row * n + column, total, inside)
