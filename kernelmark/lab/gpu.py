"""The kernels of assignment 08 on a real GPU, where there is one; nothing here is worth points.

Does: says whether a CUDA device can be used and if not, why; runs a map, three transposes
and a tiled product through Numba CUDA, checks each result and times it with the device's
own events; has Nsight Compute count their sectors and shared-memory wavefronts, where it
is installed. Does not: run anything through Triton, whose presence it only reports.

Source of the counters' names: Nsight Compute documentation, Profiling Guide, metrics of l1tex.

Under NUMBA_ENABLE_CUDASIM=1 Numba runs the same kernels in Python threads: good for
trying them, worthless for times.
"""

from __future__ import annotations

import csv
import importlib.util
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Run = tuple[str, Callable[[], None], Callable[[], bool], int]

# Nsight Compute's names for what the model of 08 counts.
COUNTERS = {
    "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum": "loaded",
    "l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum": "stored",
    "l1tex__data_pipe_lsu_wavefronts_mem_shared.sum": "wavefronts",
}
# Where its installers put it, if it is not on the PATH.
NCU_PLACES = ("/usr/local/cuda/bin/ncu", "/opt/nvidia/nsight-compute/*/ncu")
PROFILE_TIMEOUT_S = 300.0


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


def sectors_on_gpu(
    n: int = 1024, tile: int = 16, *, simulator: bool = False, profiler: str | None = None
) -> list[dict[str, Any]]:
    """Return a row for each of the five kernels: kernel, loaded, stored, wavefronts, as the hardware counted them.

    `loaded` and `stored` are sectors of 32 bytes in global memory, `wavefronts` the passes
    of shared memory. Each kernel is launched once, in a process of its own under Nsight Compute.

    Args:
        profiler: its program, `ncu`; default: where it is usually found.

    Raises:
        RuntimeError: no device, no profiler, or the profiler may not read the counters; the message says what to do.
    """
    reason = cuda_missing(simulator=simulator)
    if reason is not None:
        raise RuntimeError(reason)
    profiler = profiler or _ncu()
    if profiler is None:
        raise RuntimeError("Nsight Compute (ncu) is not installed, and only it can read the GPU's counters")
    code = f"from kernelmark.lab import gpu; gpu.launch_once({n}, {tile}, {simulator})"
    command = [profiler, "--csv", "--print-units", "base", "--metrics", ",".join(COUNTERS), sys.executable, "-c", code]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROFILE_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"Nsight Compute did not finish: {error}") from None
    if "ERR_NVGPUCTRPERM" in done.stdout + done.stderr:
        raise RuntimeError(
            "the driver lets only administrators read the GPU's counters; see NVIDIA's page on ERR_NVGPUCTRPERM"
        )
    counted = parse_counters(done.stdout)
    names = _names(tile)
    if len(counted) != len(names):
        last = (done.stderr or done.stdout).strip()[-300:]
        raise RuntimeError(f"expected counts of {len(names)} launches, Nsight Compute gave {len(counted)}: {last}")
    return [{"kernel": name, **counts} for name, counts in zip(names, counted, strict=True)]


def launch_once(n: int, tile: int, simulator: bool = False) -> int:
    """Launch each of the five kernels once, in order, and return how many there were."""
    reason = cuda_missing(simulator=simulator)
    if reason is not None:
        raise RuntimeError(reason)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from numba import cuda

        runs = _runs(cuda, n, tile)
        for _, call, _, _ in runs:
            call()
        cuda.synchronize()  # type: ignore[no-untyped-call]
    return len(runs)


def parse_counters(text: str) -> list[dict[str, int]]:
    """Return {loaded, stored, wavefronts} of each launch that has all three, from what `ncu --csv` prints."""
    lines = text.splitlines()
    head = next((at for at, line in enumerate(lines) if line.startswith('"ID"')), len(lines))
    launches: dict[int, dict[str, int]] = {}
    for row in csv.DictReader(lines[head:]):
        name = COUNTERS.get(row.get("Metric Name") or "")
        value = (row.get("Metric Value") or "").replace(",", "")
        if name is not None and value.isdigit():  # "n/a": this device has no such counter
            launches.setdefault(int(row["ID"]), {})[name] = int(value)
    return [counts for _, counts in sorted(launches.items()) if len(counts) == len(COUNTERS)]


def _ncu() -> str | None:
    found = shutil.which("ncu")
    for place in NCU_PLACES:
        found = found or next((str(path) for path in sorted(Path("/").glob(place[1:]), reverse=True)), None)
    return found


def _names(tile: int) -> list[str]:
    transposes = ["transpose naive", "transpose tiled, pitch 32", "transpose tiled, pitch 33"]
    return ["map", *transposes, f"product, tiles of {tile}"]


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
    *transposes, last = _names(tile)[1:]
    for name in transposes:
        runs.append((name, launched(name, square, threads, source, out), equals(A.T), 8 * n * n))
    product = launched("product", (tiles, tiles), (tile, tile), source, right_factor, out)
    runs.append((last, product, equals(A @ B, 2e-4 * n**0.5), 12 * n * n))
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
