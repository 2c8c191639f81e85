"""What one submission may use, and what its process finds around it: limits, the kernel's own bounds, environment.

Plain data and nothing else: `sandbox` starts a process with them, `links` and `session` watch
those that the kernel does not.
"""

import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass

# The submission's own folder, as its process sees it.
HOME = "/home/student"
# Python without its user's settings, but for those that `environment` gives: `-I` would leave these out, too.
PYTHON = ("-P", "-s")
# One order of sets of strings in all processes of a notebook, as in the one process of a desk; another in every run.
HASH_SEED = "PYTHONHASHSEED"
# Passed through: they choose the BLAS kernels, for both sides of a race alike.
PASSED_ON = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


@dataclass(frozen=True)
class Limits:
    """What one submission may use. A breach costs its call, its cell or its process, never the grading.

    `settings.Kernelmark` holds a setting for each, with its meaning in words.
    """

    memory_bytes: int = 2 * 2**30
    cell_s: float = 30.0
    notebook_s: float = 600.0
    cpu_s: float = 1200.0
    processes: int = 128
    open_files: int = 256
    file_bytes: int = 64 * 2**20
    scratch_bytes: int = 256 * 2**20
    cell_output_chars: int = 200_000
    cell_display_bytes: int = 4 * 2**20
    notebook_output_bytes: int = 16 * 2**20
    restarts: int = 12
    threads: int = 1
    contained: bool = True
    # Child processes: off, since nobody counts the CPU time of one that a submission reaps itself.
    children: bool = False
    # Tests that cannot be judged apart run in the submission's process, where they could be forged.
    beside: bool = False


def environment(limits: Limits) -> dict[str, str]:
    """Return all that the process finds in its environment: threads, allocator, places."""
    threads = str(limits.threads)
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {
        **{name: os.environ[name] for name in (*PASSED_ON, HASH_SEED) if name in os.environ},
        **dict.fromkeys(names, threads),
        # Freed memory stays with the process, or page faults dominate what is timed.
        "MALLOC_MMAP_THRESHOLD_": "1073741824",
        "MALLOC_TRIM_THRESHOLD_": "4294967296",
        "MALLOC_TOP_PAD_": "67108864",
        "HOME": HOME,
        "IPYTHONDIR": "/tmp/ipython",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": "/tmp",
    }


def bounds(limits: Limits) -> dict[int, int]:
    """Return the kernel's own limits of a process, {resource: bound}, none above those in force."""
    wanted = {
        # Address space is the last line only: NumPy and Numba reserve much more than they use.
        resource.RLIMIT_AS: 8 * limits.memory_bytes,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_CORE: 0,
        # Not RLIMIT_CPU: with it the kernel keeps the process's clock in ticks, and students' own timings read 0.
    }
    found = {}
    for kind, bound in wanted.items():
        known = [value for value in (bound, resource.getrlimit(kind)[1]) if value != resource.RLIM_INFINITY]
        if known:
            found[kind] = min(known)
    return found


def bounded(command: Sequence[str], limits: Limits) -> list[str]:
    """Return the command with `bounds` set before it."""
    return ["prlimit", *(f"--{_RESOURCES[kind]}={bound}:{bound}" for kind, bound in bounds(limits).items()), *command]


_RESOURCES = {
    resource.RLIMIT_AS: "as",
    resource.RLIMIT_NPROC: "nproc",
    resource.RLIMIT_NOFILE: "nofile",
    resource.RLIMIT_FSIZE: "fsize",
    resource.RLIMIT_CORE: "core",
}
