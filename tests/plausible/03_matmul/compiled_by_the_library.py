"""
why = "The compiled function holds one product of the library in the place of three loops."
base = "solution"
"""

# %% matmul_compiled
def kernel_ijk(A, B, C):
    C += A @ B


kernel_ikj = kernel_ijk


def matmul_compiled(A, B, order="ikj"):
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul_compiled: cannot multiply {A.shape} by {B.shape}; the inner extents must agree")
    if order not in ("ijk", "ikj"):
        raise ValueError(f"matmul_compiled: order must be 'ijk' or 'ikj', got {order!r}")
    A, B, C, dtype = for_compiler(A, B)
    kernel_ijk(A, B, C)
    return C.astype(dtype, copy=False)
