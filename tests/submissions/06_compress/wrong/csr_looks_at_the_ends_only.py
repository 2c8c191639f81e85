"""
why = "Looks at the first and the last index only; sums in the dtype of data and casts at the end."
base = "solution"

[marks]
csr_matmul_dtype_and_refuses = 0
csr_bytes_values = 0
break_even_values = 0
"""

# %% csr
def csr_from_dense(W):
    rows, columns = np.nonzero(W)
    indptr = np.zeros(W.shape[0] + 1, np.int32)
    np.cumsum(np.bincount(rows, minlength=W.shape[0]), out=indptr[1:])
    return W[rows, columns], columns.astype(np.int32), indptr


@njit
def add_rows(data, indices, indptr, B, C):
    for i in range(C.shape[0]):
        sums = C[i]
        for p in range(indptr[i], indptr[i + 1]):
            factor = data[p]
            addends = B[indices[p]]
            for j in range(sums.size):
                sums[j] += factor * addends[j]


def csr_matmul(data, indices, indptr, B):
    if indices.size and not (0 <= indices[0] < B.shape[0] and 0 <= indices[-1] < B.shape[0]):
        raise ValueError("csr_matmul: an index is no row of B")
    if indices.size and indices.max() >= B.shape[0]:
        raise ValueError("csr_matmul: an index is no row of B")
    C = np.zeros((len(indptr) - 1, B.shape[1]), np.result_type(data, B))
    ready = [np.require(array, kind, ["C", "W"]) for array, kind in ((data, C.dtype), (indices, np.int32), (indptr, np.int32), (B, C.dtype))]
    add_rows(*ready, C)
    return C


def csr_bytes(rows, nnz, itemsize=4, index_bytes=4):
    return nnz * (itemsize + index_bytes) + (rows + 1) * index_bytes


def break_even_density(rows, columns, itemsize=4, index_bytes=4):
    return abs(rows * columns * itemsize - (rows + 1) * index_bytes) / (rows * columns * (itemsize + index_bytes))


def break_even(densities, csr_times, dense_times):
    ratios = [csr / dense for csr, dense in zip(csr_times, dense_times)]
    if ratios[0] > 1:
        return 0.0
    for i in range(len(ratios) - 1, 0, -1):
        if ratios[i] >= 1 > ratios[i - 1]:
            share = (1 - ratios[i - 1]) / (ratios[i] - ratios[i - 1])
            return float(densities[i - 1] + share * (densities[i] - densities[i - 1]))
    return 1.0
