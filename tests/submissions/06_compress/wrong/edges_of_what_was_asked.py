"""
why = "Right but at its edges: arrays without axes for numbers, float32 noise, copies in Fortran order, a sort that is not stable, no break-even at 1 itself."
base = "solution"

[marks]
break_even_values = 0
prune_n_m_values = 0
quant_params_per_channel = 0
requantize_large_sums = 0
sqnr_db_values = 0
"""

# %% quant_params
#| export
def quant_params(x, bits=8, symmetric=True, axis=None):
    """Return (scale, zero_point) for whole numbers of so many bits, per tensor or per channel."""
    if not 2 <= bits <= 8:
        raise ValueError(f"quant_params: bits must be 2 to 8, got {bits}")
    x = np.asarray(x, np.float64)
    others = None if axis is None else tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    qmin, qmax = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    low, high = np.minimum(x.min(axis=others), 0.0), np.maximum(x.max(axis=others), 0.0)
    scale = np.maximum(-low, high) / qmax if symmetric else (high - low) / (qmax - qmin)
    empty = scale == 0
    scale = np.where(empty, 1.0, scale)
    zero_point = np.zeros_like(scale) if symmetric else np.where(empty, 0.0, np.rint(qmin - low / scale))
    return scale, zero_point.astype(np.int32)

# %% quantized_layers
#| export
def quantized_matmul(A, B, scale_A=None, scale_B=None):
    """Multiply two float matrices by way of 8-bit numbers; return float32."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"quantized_matmul: cannot multiply {A.shape} by {B.shape}; the inner extents must agree")
    scale_A = np.asarray(quant_params(A)[0] if scale_A is None else scale_A, np.float64)
    scale_B = np.asarray(quant_params(B)[0] if scale_B is None else scale_B, np.float64)
    products = int_matmul(quantize(A, scale_A, axis=0), quantize(B, scale_B, axis=1))
    return (products * along(scale_A, 2, 0) * along(scale_B, 2, 1)).astype(np.float32)


def quantized_matmul_affine(qa, za, qb, zb):
    """Return the exact int32 product of (qa - za) and (qb - zb)."""
    products = int_matmul(qa, qb)
    rows, columns = qa.sum(axis=1, dtype=np.int32), qb.sum(axis=0, dtype=np.int32)
    za, zb = int(za), int(zb)
    return products - zb * rows[:, None] - za * columns + qa.shape[1] * za * zb


def quantized_relu(x, scale, zero_point=0):
    """Return ReLU of x, computed on 8-bit numbers, as float32."""
    q = np.maximum(quantize(x, scale, zero_point), np.int8(zero_point))
    return dequantize(q, scale, zero_point)


def requantize(acc, scale_in, scale_out, zero_point=0):
    """Return the int8 numbers, in units of scale_out, for sums in units of scale_in."""
    return quantize(acc * scale_in, scale_out, zero_point)

# %% cost_of_compression
#| export
def sqnr_db(x, approximation):
    """Return the signal to quantisation noise ratio in decibels."""
    x, approximation = np.asarray(x, np.float64), np.asarray(approximation, np.float32)
    noise = np.sum((x - approximation) ** 2)
    return float(10 * np.log10(np.sum(x**2) / noise)) if noise > 0 else float("inf")


def model_bytes(shapes, bits=8, axis=None):
    """Return the bytes of weight tensors, scales included."""
    if bits != 32 and not 2 <= bits <= 8:
        raise ValueError(f"model_bytes: bits must be 32 or 2 to 8, got {bits}")
    total = 0
    for shape in shapes:
        size = int(np.prod(shape))
        scales = 0 if bits == 32 else 1 if axis is None else shape[axis]
        total += (size * bits + 7) // 8 + 4 * scales
    return total

# %% prune
#| export
def magnitude_prune(W, sparsity):
    """Return W with the smallest magnitudes set to zero, exactly round(sparsity * size) of them."""
    if not 0 <= sparsity <= 1:
        raise ValueError(f"magnitude_prune: sparsity must be 0 to 1, got {sparsity}")
    pruned = np.array(W, order="C")
    flat = pruned.reshape(-1)
    flat[np.argsort(np.abs(flat), kind="stable")[: round(sparsity * flat.size)]] = 0
    return pruned


def prune_n_m(W, n=2, m=4):
    """Return W with the n largest magnitudes of every m neighbours along the last axis kept."""
    if not 1 <= n <= m or W.shape[-1] % m != 0:
        raise ValueError(f"prune_n_m: need 1 <= n <= m and a last extent that is a multiple of m, got n = {n}, m = {m}, shape {W.shape}")
    pruned = np.array(W)
    groups = pruned.reshape(-1, m)
    smallest = np.argsort(np.abs(groups), axis=1)[:, : m - n]
    np.put_along_axis(groups, smallest, 0, axis=1)
    return pruned

# %% csr
#| export
def csr_from_dense(W):
    """Return (data, indices, indptr) of a matrix."""
    rows, columns = np.nonzero(W)
    indptr = np.zeros(W.shape[0] + 1, np.int32)
    np.cumsum(np.bincount(rows, minlength=W.shape[0]), out=indptr[1:])
    return W[rows, columns], columns.astype(np.int32), indptr


@njit
def add_rows(data, indices, indptr, B, C):
    """Add the sparse matrix times B to C."""
    for i in range(C.shape[0]):
        sums = C[i]
        for p in range(indptr[i], indptr[i + 1]):
            factor = data[p]
            addends = B[indices[p]]
            for j in range(sums.size):
                sums[j] += factor * addends[j]


def csr_matmul(data, indices, indptr, B):
    """Multiply a sparse matrix by a dense one."""
    if indices.size and not 0 <= indices.min() <= indices.max() < B.shape[0]:
        raise ValueError(f"csr_matmul: indices must be rows of B, 0 to {B.shape[0] - 1}, got {indices.min()} to {indices.max()}")
    C = np.zeros((len(indptr) - 1, B.shape[1]), np.result_type(data, B))
    ready = [
        np.require(array, kind, ["C", "W"]) for array, kind in ((data, C.dtype), (indices, np.int32), (indptr, np.int32), (B, C.dtype))
    ]
    add_rows(*ready, C)
    return C


def csr_bytes(rows, nnz, itemsize=4, index_bytes=4):
    """Return the bytes of the three arrays."""
    return nnz * (itemsize + index_bytes) + (rows + 1) * index_bytes


def break_even_density(rows, columns, itemsize=4, index_bytes=4):
    """Return the density at which CSR takes as many bytes as the dense matrix."""
    room = rows * columns * itemsize - (rows + 1) * index_bytes
    return max(0.0, room / (rows * columns * (itemsize + index_bytes)))


csr_break_even_density = break_even_density  # the same, by the name that says of what


def break_even(densities, csr_times, dense_times):
    """Return the density at which the sparse product stops winning, from measurements."""
    ratios = [csr / dense for csr, dense in zip(csr_times, dense_times)]
    if ratios[0] >= 1:
        return 0.0
    for i in range(1, len(ratios)):
        if ratios[i] > 1:
            share = (1 - ratios[i - 1]) / (ratios[i] - ratios[i - 1])
            return float(densities[i - 1] + share * (densities[i] - densities[i - 1]))
    return 1.0
