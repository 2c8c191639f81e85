"""
why = "The product with two buffers and one barrier a tile, warps that return early, padded tiles, plain functions without yield."
base = "solution"
"""

# %% map_kernel
def map_kernel(w, x, out, n, scale, shift):
    i = w.bx * w.block[0] + w.tx
    if not (i < n).any():
        return
    mine = i < n
    values = w.load(x, np.minimum(i, n - 1), mask=mine, space="global")
    w.store(out, np.minimum(i, n - 1), np.float32(scale) * values + np.float32(shift), mask=mine, space="global")
    yield

# %% transpose_naive_kernel
def transpose_naive_kernel(w, source, out, rows, cols):
    # scattered loads, coalesced stores: the other way round
    width, height = w.block
    row, column = w.by * height + w.ty, w.bx * width + w.tx
    ok = np.logical_and(row < rows, column < cols)
    w.store(out, np.where(ok, column * rows + row, 0), w.load(source, np.where(ok, row * cols + column, 0), ok), ok)

# %% transpose_tiled_kernel
def transpose_tiled_kernel(w, source, out, rows, cols, pitch):
    y = w.warp
    assert (w.ty == y).all() and (w.tx == w.lane).all()
    tile = w.shared("tile", 31 * pitch + 32)
    row, column = 32 * w.by + y, 32 * w.bx + w.lane
    if row < rows:
        w.store(tile, y + pitch * w.lane, w.load(source, row * cols + column, column < cols), column < cols, "shared")
    yield
    row, column = 32 * w.bx + y, 32 * w.by + w.lane
    if row < cols:
        w.store(out, row * rows + column, w.load(tile, y * pitch + w.lane, column < rows, "shared"), column < rows)

# %% matmul_tiled_kernel
def matmul_tiled_kernel(w, A, B, C, m, n, k):
    T = w.block[0]
    pitch = T + 1
    buffers = [(w.shared(f"a{i}", T * pitch, np.float32), w.shared(f"b{i}", T * pitch, np.float32)) for i in range(2)]
    row, column = w.by * T + w.ty, w.bx * T + w.tx
    total = np.zeros(32)
    for number, start in enumerate(range(0, k, T)):
        a, b = buffers[number % 2]
        in_a, in_b = (row < m) & (start + w.tx < k), (start + w.ty < k) & (column < n)
        w.store(a, w.ty * pitch + w.tx, w.load(A, row * k + start + w.tx, in_a, other=0.0), w.active)
        w.store(b, w.ty * pitch + w.tx, w.load(B, (start + w.ty) * n + column, in_b, other=0.0), w.active)
        yield
        for l in range(min(T, k - start)):
            total = total + w.load(a, w.ty * pitch + l).astype(float) * w.load(b, l * pitch + w.tx)
    w.store(C, row * n + column, total, (row < m) & (column < n))
