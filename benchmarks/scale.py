"""Whether a class of any size is graded in time that grows with it, in memory that does not.

    python benchmarks/scale.py [--sizes 10,100,1000] [--jobs 2] [--postgres]

For each size: seconds and CPU-seconds a submission, the largest resident memory of any of
its processes (the coordinator is one), and the seconds of a second run that finds nothing to
do. The submissions are those of `_small`, each different. --postgres grades into a PostgreSQL
server, started for the purpose; its own CPU time is not counted.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import _small
import peers

from tests import postgres


@dataclass(frozen=True)
class Run:
    """One size, graded and run again."""

    size: int
    wall_s: float
    cpu_s: float
    largest_bytes: int
    rerun_s: float


def main() -> int:
    """Print the table; 1 where time grows faster than the class, or memory grows with it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", default="10,100,1000")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgres.server()) if options.postgres else None
        return table([int(text) for text in options.sizes.split(",")], options.jobs, server)


def table(sizes: list[int], jobs: int, server: postgres.Server | None) -> int:
    """Grade a class of each size and print a row for it; return 1 as `main` does."""
    runs = []
    print(
        f"{'size':>6} {'wall s':>8} {'a minute':>9} {'s each':>7} {'CPU s each':>10} {'largest MiB':>11} {'rerun s':>8}"
    )
    for size in sizes:
        run = graded(size, jobs, server)
        runs.append(run)
        each = f"{60 * size / run.wall_s:9.0f} {run.wall_s / size:7.3f} {run.cpu_s / size:10.3f}"
        print(f"{size:6} {run.wall_s:8.1f} {each} {run.largest_bytes / 2**20:11.0f} {run.rerun_s:8.1f}", flush=True)
    # The start of the command is in every run: sizes are compared by what each further submission costs.
    if len(runs) < 3:
        return 0
    first, middle, last = runs[0], runs[-2], runs[-1]
    slope = (middle.wall_s - first.wall_s) / (middle.size - first.size)
    further = (last.wall_s - middle.wall_s) / (last.size - middle.size)
    growth = last.largest_bytes / middle.largest_bytes
    print(
        f"\na further submission: {slope:.3f} s up to {middle.size}, {further:.3f} s beyond; memory {growth:.2f} times"
    )
    return int(further > 1.3 * slope or growth > 1.3)


def graded(size: int, jobs: int, server: postgres.Server | None) -> Run:
    """Grade a class of one size, twice."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        config = (peers.ROOT / "nbgrader_config.py").read_text()
        if server:
            config += f"\nc.CourseDirectory.db_url = {server.database(f'class_of_{size}')!r}\n"
        _small.write_course(root, size, config)
        peers.run(root, ["nbgrader", "generate_assignment", _small.NAME])
        words = ["kernelmark", "autograde", _small.NAME, "--jobs", str(jobs)]
        wall_s, cpu_s, memory = _measured(root, words)
        start = time.monotonic()
        peers.run(root, words)
        rerun_s = time.monotonic() - start
        peers.check(root, size, server.url(f"class_of_{size}") if server else "")
    return Run(size, wall_s, cpu_s, memory, rerun_s)


def _measured(root: Path, words: list[str]) -> tuple[float, float, int]:
    """Run a command; return wall and CPU seconds, and the largest resident bytes of it or of one that it ran."""
    folder = Path(sys.executable).parent
    environ = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    start = time.monotonic()
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen([str(folder / words[0]), *words[1:]], cwd=root, env=environ, stdout=nowhere)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} failed with status {process.returncode}")
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


if __name__ == "__main__":
    sys.exit(main())
