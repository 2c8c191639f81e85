"""
why = "Compiled, but each element of the result is summed by itself, down a column of B."
base = "solution"

[marks]
csr_matmul_speed = 0
"""

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
    for i in range(C.shape[0]):
        for j in range(C.shape[1]):
            total = C[i, j]
            for p in range(indptr[i], indptr[i + 1]):
                total += data[p] * B[indices[p], j]
            C[i, j] = total


def csr_matmul(data, indices, indptr, B):
    """Multiply a sparse matrix by a dense one."""
    if indices.size and not 0 <= indices.min() <= indices.max() < B.shape[0]:
        raise ValueError("csr_matmul: indices must be rows of B")
    C = np.zeros((len(indptr) - 1, B.shape[1]), np.result_type(data, B))
    add_rows(data.astype(C.dtype), indices, indptr, np.ascontiguousarray(B, C.dtype), C)
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
    ratios = [csr / dense for csr, dense in zip(csr_times, dense_times)]
    if ratios[0] >= 1:
        return 0.0
    for i in range(1, len(ratios)):
        if ratios[i] >= 1:
            share = (1 - ratios[i - 1]) / (ratios[i] - ratios[i - 1])
            return float(densities[i - 1] + share * (densities[i] - densities[i - 1]))
    return 1.0
