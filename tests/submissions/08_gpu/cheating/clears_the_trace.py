"""
why = "Multiplies without tiles and looks for the log to empty it; the log is in another process."
base = "solution"

[marks]
matmul_tiled_loads = 0
matmul_tiled_barriers = 0
"""

# %% matmul_tiled_kernel
import gc


def matmul_tiled_kernel(w, A, B, C, m, n, k):
    row, column = w.by * w.block[1] + w.ty, w.bx * w.block[0] + w.tx
    inside = (row < m) & (column < n)
    total = np.zeros(32, np.float32)
    for l in range(k):
        total += w.load(A, row * k + l, inside) * w.load(B, l * n + column, inside)
    w.store(C, row * n + column, total, inside)
    tracers = [thing for thing in gc.get_objects() if type(thing).__name__ == "WarpTracer"]
    tracers.append(getattr(w._shelf._touch, "__self__", None))
    for tracer in tracers:
        if tracer is not None:
            del tracer.accesses[2 * m * n * k // w.block[0] // 32 :]
