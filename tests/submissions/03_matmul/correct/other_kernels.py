"""
why = "Fastmath-free kernels written another way: row slices, a transposed copy for ijk, blocks in the order l, i, j."
base = "solution"
"""

# %% matmul_compiled
@njit
def kernel_ijk(A, B, C):
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for l in range(A.shape[1]):
                C[i, j] += A[i, l] * B[l, j]


@njit
def kernel_ikj(A, B, C):
    for i in range(A.shape[0]):
        c = C[i]
        for l in range(A.shape[1]):
            b = B[l]
            a = A[i, l]
            for j in range(len(c)):
                c[j] += a * b[j]


def matmul_compiled(A, B, order="ikj"):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"shapes {A.shape} and {B.shape}")
    if order == "ijk":
        kernel = kernel_ijk
    elif order == "ikj":
        kernel = kernel_ikj
    else:
        raise ValueError(f"unknown order {order}")
    left, right, C, dtype = for_compiler(A, B)
    kernel(left, right, C)
    return C.astype(dtype)

# %% cache_friendly_matmul
@njit
def add_block(A, B, C, i0, l0, j0, size):
    for i in range(i0, min(i0 + size, A.shape[0])):
        c = C[i, j0 : j0 + size]
        run = np.zeros_like(c)
        for l in range(l0, min(l0 + size, A.shape[1])):
            a = A[i, l]
            b = B[l, j0 : j0 + size]
            for j in range(len(c)):
                run[j] += a * b[j]
        c += run


@njit
def kernel_blocks(A, B, C, block_size):
    for l0 in range(0, A.shape[1], block_size):
        for i0 in range(0, A.shape[0], block_size):
            for j0 in range(0, B.shape[1], block_size):
                add_block(A, B, C, i0, l0, j0, block_size)


def cache_friendly_matmul(A, B, block_size=32):
    if A.shape[1] != B.shape[0] or block_size < 1:
        raise ValueError(f"shapes {A.shape} and {B.shape}, block size {block_size}")
    left, right, C, dtype = for_compiler(A, B)
    kernel_blocks(left, right, C, block_size)
    return C.astype(dtype)
