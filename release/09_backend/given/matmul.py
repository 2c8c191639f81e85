"""Exported from 03_matmul/matmul.ipynb."""

import numpy as np

__all__ = [
    "matmul_cache_optimized",
    "matmul_naive",
    "matmul_vectorized",
]


def matmul_naive(A, B):
    """Multiply (m, k) by (k, n) with three loops over single elements."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul_naive: cannot multiply {A.shape} by {B.shape}; the inner extents must agree")
    dtype = np.result_type(A, B)
    C = np.zeros((A.shape[0], B.shape[1]), dtype)
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            total = dtype.type(0)
            for l in range(A.shape[1]):
                total += A[i, l] * B[l, j]
            C[i, j] = total
    return C


def matmul_vectorized(A, B):
    """Multiply (m, k) by (k, n) with one library product."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul_vectorized: cannot multiply {A.shape} by {B.shape}; the inner extents must agree")
    return A @ B


def matmul_cache_optimized(A, B, block_size=64):
    """Multiply (m, k) by (k, n) as a sum of library products of blocks."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul_cache_optimized: cannot multiply {A.shape} by {B.shape}; the inner extents must agree")
    if block_size < 1:
        raise ValueError(f"matmul_cache_optimized: block_size must be at least 1, got {block_size}")
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    for i in range(0, A.shape[0], block_size):
        rows = slice(i, i + block_size)
        for j in range(0, B.shape[1], block_size):
            columns = slice(j, j + block_size)
            for l in range(0, A.shape[1], block_size):
                shared = slice(l, l + block_size)
                C[rows, columns] += A[rows, shared] @ B[shared, columns]
    return C
