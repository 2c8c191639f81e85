"""
why = "Shifted matrices in 64-bit integers, a product of the dequantised matrices, and a copy of B."
base = "solution"
"""

# %% quantized_layers
def quantized_matmul(A, B, scale_A=None, scale_B=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} and {B.shape}")
    if scale_A is None:
        scale_A, _ = quant_params(A)
    if scale_B is None:
        scale_B, _ = quant_params(B)
    A_back = dequantize(quantize(A, scale_A, axis=0), scale_A, axis=0)
    B_back = dequantize(quantize(B, scale_B, axis=1), scale_B, axis=1)
    return (A_back.astype(np.float64) @ B_back.astype(np.float64)).astype(np.float32)


def quantized_matmul_affine(qa, za, qb, zb):
    if qa.shape[1] != qb.shape[0]:
        raise ValueError(f"{qa.shape} and {qb.shape}")
    return ((qa.astype(np.int64) - za) @ (qb.astype(np.int64) - zb)).astype(np.int32)


def quantized_relu(x, scale, zero_point=0):
    return np.maximum(dequantize(quantize(x, scale, zero_point), scale, zero_point), np.float32(0))


def requantize(acc, scale_in, scale_out, zero_point=0):
    steps = np.round(acc * np.float64(scale_in / scale_out)).astype(np.int64) + zero_point
    return np.clip(steps, -128, 127).astype(np.int8)

# %% csr
#| export
def csr_from_dense(W):
    """Return (data, indices, indptr) of a matrix."""
    W = np.ascontiguousarray(W)
    places = np.flatnonzero(W)
    rows, columns = np.divmod(places, W.shape[1])
    return W.ravel()[places], columns.astype(np.int32), np.searchsorted(rows, np.arange(W.shape[0] + 1)).astype(np.int32)


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
    add_rows(data.astype(C.dtype), indices, indptr, np.array(B, C.dtype, order="C"), C)
    return C


def csr_bytes(rows, nnz, itemsize=4, index_bytes=4):
    """Return the bytes of the three arrays."""
    return nnz * (itemsize + index_bytes) + (rows + 1) * index_bytes


def break_even_density(rows, columns, itemsize=4, index_bytes=4):
    """Return the density at which CSR takes as many bytes as the dense matrix."""
    room = rows * columns * itemsize - (rows + 1) * index_bytes
    return max(0.0, room / (rows * columns * (itemsize + index_bytes)))


def break_even(densities, csr_times, dense_times):
    """Return the density at which the sparse product stops winning, from measurements."""
    ratios = np.divide(csr_times, dense_times)
    lost = np.flatnonzero(ratios >= 1)
    if lost.size == 0:
        return 1.0
    at = lost[0]
    return 0.0 if at == 0 else float(np.interp(1.0, ratios[at - 1 : at + 1], densities[at - 1 : at + 1]))
