"""The kernels of assignment 08 on a real GPU, where there is one; nothing here is worth points.

Does: says whether a CUDA device can be used and if not, why; runs a map, three transposes
and a tiled product through Numba CUDA, checks each result and times it with the device's
own events. Does not: count sectors or bank passes (a profiler does), nor run anything
through Triton, whose presence it only reports.

Under NUMBA_ENABLE_CUDASIM=1 Numba runs the same kernels in Python threads: good for
trying them, worthless for times.
"""

from __future__ import annotations

import importlib.util
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Run = tuple[str, Callable[[], None], Callable[[], bool], int]


def cuda_missing(*, simulator: bool = False) -> str | None:
    """Return None if Numba can use a CUDA device, else a sentence that says why not.

    Args:
        simulator: count Numba's CUDA simulator as a device.
    """
    if importlib.util.find_spec("numba") is None:
        return "Numba is not installed"
    triton = "Triton is" if importlib.util.find_spec("triton") else "Triton is not"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old releases warn that this target has moved to the package numba-cuda
        try:
            from numba import cuda
            from numba.core import config
        except ImportError as error:
            return f"numba.cuda cannot be imported ({error}); {triton} installed"
        if getattr(config, "ENABLE_CUDASIM", 0):
            return None if simulator else "Numba's CUDA simulator is on (NUMBA_ENABLE_CUDASIM): its times mean nothing"
        try:
            found = bool(cuda.is_available())  # type: ignore[no-untyped-call]
        except Exception as error:  # a broken driver raises whatever it likes, and must not end a notebook
            return f"Numba cannot ask for CUDA devices ({type(error).__name__}: {error}); {triton} installed"
    return None if found else f"Numba finds no CUDA device and driver on this machine; {triton} installed"


def run_on_gpu(n: int = 1024, tile: int = 16, rounds: int = 20, *, simulator: bool = False) -> list[dict[str, Any]]:
    """Run the five kernels on n x n float32 and return a row for each: kernel, right, ms, gb_s.

    `ms` is the fastest of `rounds` launches, by events of the device; `gb_s` counts the
    bytes that must move at least once. The transposes need n > 0, the product runs on n x n too.

    Raises:
        RuntimeError: there is no device; the message is the reason.
    """
    reason = cuda_missing(simulator=simulator)
    if reason is not None:
        raise RuntimeError(reason)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from numba import cuda

        return [
            {"kernel": name, "right": right(), "ms": ms, "gb_s": nbytes / ms / 1e6}
            for name, call, right, nbytes in _runs(cuda, n, tile)
            for ms in [_best_ms(cuda, call, rounds)]
        ]


def _runs(cuda: Any, n: int, tile: int) -> list[Run]:
    """Return name, launch, check and least bytes of each kernel."""
    from kernelmark.lab.cuda_kernels import TILE, compiled

    rng = np.random.default_rng(8)
    A, B = (rng.standard_normal((n, n), dtype=np.float32) for _ in range(2))
    source, right_factor = cuda.to_device(A), cuda.to_device(B)
    out = cuda.device_array((n, n), np.float32)
    flat_source, flat_out = source.reshape(n * n), out.reshape(n * n)
    blocks = -(-n // TILE)
    tiles = -(-n // tile)
    kernels = compiled(tile)

    def equals(expected: np.ndarray, tolerance: float = 0.0) -> Callable[[], bool]:
        return lambda: bool(np.abs(out.copy_to_host() - expected).max() <= tolerance)

    def launched(name: str, grid: Any, block: Any, *args: Any) -> Callable[[], None]:
        return lambda: kernels[name][grid, block](*args)

    square, threads = (blocks, blocks), (TILE, TILE)
    runs: list[Run] = [
        (
            "map",
            launched("map", -(-n * n // 256), 256, flat_source, flat_out, np.float32(2), np.float32(1)),
            equals(2 * A + 1, 1e-5),
            8 * n * n,
        )
    ]
    for name in ("transpose naive", "transpose tiled, pitch 32", "transpose tiled, pitch 33"):
        runs.append((name, launched(name, square, threads, source, out), equals(A.T), 8 * n * n))
    product = launched("product", (tiles, tiles), (tile, tile), source, right_factor, out)
    runs.append((f"product, tiles of {tile}", product, equals(A @ B, 2e-4 * n**0.5), 12 * n * n))
    return runs


def _best_ms(cuda: Any, call: Callable[[], None], rounds: int) -> float:
    """Return the milliseconds of the fastest launch, after one that compiles."""
    call()
    cuda.synchronize()
    times = []
    for _ in range(rounds):
        if hasattr(cuda, "event_elapsed_time"):
            start, end = cuda.event(timing=True), cuda.event(timing=True)
            start.record()
            call()
            end.record()
            end.synchronize()
            times.append(float(cuda.event_elapsed_time(start, end)))
        else:  # the simulator
            begun = time.perf_counter()
            call()
            cuda.synchronize()
            times.append(1e3 * (time.perf_counter() - begun))
    return max(min(times), 1e-6)
