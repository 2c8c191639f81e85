"""The kernels of `kernelmark.lab.gpu`, a thread at a time, for Numba CUDA.

This room imports Numba, so nothing imports it but `gpu`, and only when it runs.
Its names must be global: Numba's simulator puts its own `cuda` in their place.
"""

from __future__ import annotations

from typing import Any

import numba.cuda
from numba import float32

cuda: Any = numba.cuda  # its names are made at run time
TILE = 32


def compiled(tile: int) -> dict[str, Any]:
    """Return the five kernels by name; tile and pitch are constants of the code, as shared arrays demand."""

    @cuda.jit
    def scale_shift(x, out, scale, shift):  # type: ignore[no-untyped-def]
        i = cuda.grid(1)
        if i < out.size:
            out[i] = scale * x[i] + shift

    @cuda.jit
    def transpose_naive(source, out):  # type: ignore[no-untyped-def]
        column, row = cuda.grid(2)
        if row < source.shape[0] and column < source.shape[1]:
            out[column, row] = source[row, column]

    @cuda.jit
    def product(A, B, C):  # type: ignore[no-untyped-def]
        # On lines of their own: the simulator takes two shared arrays of one line for the same one.
        part_of_a = cuda.shared.array((tile, tile), float32)
        part_of_b = cuda.shared.array((tile, tile), float32)
        x, y = cuda.threadIdx.x, cuda.threadIdx.y
        row, column = cuda.blockIdx.y * tile + y, cuda.blockIdx.x * tile + x
        total = float32(0)
        for start in range(0, A.shape[1], tile):
            part_of_a[y, x] = float32(0)
            if row < A.shape[0] and start + x < A.shape[1]:
                part_of_a[y, x] = A[row, start + x]
            part_of_b[y, x] = float32(0)
            if start + y < B.shape[0] and column < B.shape[1]:
                part_of_b[y, x] = B[start + y, column]
            cuda.syncthreads()
            for k in range(tile):
                total += part_of_a[y, k] * part_of_b[k, x]
            cuda.syncthreads()
        if row < C.shape[0] and column < C.shape[1]:
            C[row, column] = total

    return {
        "map": scale_shift,
        "transpose naive": transpose_naive,
        "transpose tiled, pitch 32": _transpose_tiled(32),
        "transpose tiled, pitch 33": _transpose_tiled(33),
        "product": product,
    }


def _transpose_tiled(pitch: int) -> Any:
    @cuda.jit
    def transpose(source, out):  # type: ignore[no-untyped-def]
        block = cuda.shared.array((TILE, pitch), float32)
        x, y = cuda.threadIdx.x, cuda.threadIdx.y
        row, column = cuda.blockIdx.y * TILE + y, cuda.blockIdx.x * TILE + x
        if row < source.shape[0] and column < source.shape[1]:
            block[y, x] = source[row, column]
        cuda.syncthreads()
        row, column = cuda.blockIdx.x * TILE + y, cuda.blockIdx.y * TILE + x
        if row < out.shape[0] and column < out.shape[1]:
            out[row, column] = block[x, y]

    return transpose
