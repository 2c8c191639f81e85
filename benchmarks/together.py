"""Whether a class graded all at once gets the verdicts of one by one, and how long the lock makes it take.

    python benchmarks/together.py [--assignments 03_matmul,04_fuse] [--runs 3] [--jobs 2,3] [--workers 3]

The class is the sample class's correct, wrong and slow submissions. Each run grades all of it
one by one (`nbgrader autograde`; not with --at-once), all at once (`kernelmark autograde`, for
each of --jobs), and on a Dask cluster of worker processes here (--workers 0: not). A row counts
marks that are not those which the class must get, speed verdicts that differ from those of the
first row, and those left to a person; beside them the seconds for which the host's lock was
held, by what the kernel lists every 10 ms, and the wall time of the command over them. (The
verdicts' own seconds leave out races that end early, on a wrong answer.)
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import peers

from kernelmark.records import SubmissionResult
from kernelmark.stopwatch.lock import host_lock
from tests.sample_class import Sample, hand_in, result_of, samples

KINDS = ("correct", "slow", "wrong")
LOOK_S = 0.01
SPEED = "03_matmul,04_fuse,06_compress,07_conv"


@dataclass(frozen=True)
class Run:
    """What one command made of the class."""

    wall_s: float
    held_s: float
    results: dict[str, SubmissionResult]

    def outcomes(self) -> dict[tuple[str, str, int], tuple[str, ...]]:
        """Return what each speed check found, step by step."""
        return {
            (name, cell.grade_id, at): tuple(step.outcome for step in verdict.steps)
            for name, result in self.results.items()
            for cell in result.cells
            for at, verdict in enumerate(cell.verdicts)
        }


class LockWatch(threading.Thread):
    """Looks again and again whether anybody holds the host's lock, while the block runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        with host_lock():  # makes the file where there is none
            self._inode = os.stat(Path(tempfile.gettempdir()) / "kernelmark-stopwatch.lock").st_ino
        self._looks = self._held = 0
        self._over = threading.Event()

    def run(self) -> None:
        """Look until the block is over."""
        while not self._over.wait(LOOK_S):
            lines = Path("/proc/locks").read_text().splitlines()
            # "1: FLOCK ADVISORY WRITE 4711 fe:00:1234 0 EOF"; a second word "->" is one that waits.
            self._held += any(w[1] != "->" and w[5].endswith(f":{self._inode}") for w in map(str.split, lines))
            self._looks += 1

    def __enter__(self) -> "LockWatch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def share(self) -> float:
        """Return the share of the time for which it was held."""
        return self._held / max(self._looks, 1)


def main() -> int:
    """Print the table; 1 where any mark or verdict differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--assignments", default=SPEED)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--jobs", default=str(os.cpu_count() or 1))
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--at-once", action="store_true", help="leave out one by one, which takes longest")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n")
    print(
        f"{'assignment':12} {'way':12} {'run':>3} {'handed in':>9} {'marks':>6} {'wrong':>6} {'verdicts':>8} "
        f"{'differ':>6} {'person':>6} {'lock s':>7} {'wall s':>7} {'wall/lock':>9}"
    )
    differing = 0
    for assignment in options.assignments.split(","):
        chosen = [sample for sample in samples(assignment) if sample.path.parent.name in KINDS]
        ways = ["one by one"] * (not options.at_once) + [f"--jobs {jobs}" for jobs in options.jobs.split(",")]
        ways += [f"{options.workers} workers"] * (options.workers > 0)
        first: Run | None = None
        for number in range(1, options.runs + 1):
            for way in ways:
                run = graded(assignment, chosen, way, options.workers)
                first = first or run
                differing += _show(assignment, chosen, way, number, run, first)
    return int(differing > 0)


def graded(assignment: str, chosen: list[Sample], way: str, workers: int) -> Run:
    """Grade the class in a new course folder."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        root = Path(folder)
        (root / "source").mkdir()
        (root / "source" / assignment).symlink_to(peers.ROOT / "source" / assignment)
        (root / "nbgrader_config.py").write_text((peers.ROOT / "nbgrader_config.py").read_text())
        for sample in chosen:
            hand_in(sample, root)
        peers.run(root, ["nbgrader", "generate_assignment", assignment])
        words = ["kernelmark", "autograde", assignment, *way.split()]
        if way == "one by one":
            words = ["nbgrader", "autograde", assignment]
        elif way.endswith("workers"):
            words = ["kernelmark", "autograde", assignment, "--scheduler", stack.enter_context(_cluster(workers))]
        start = time.monotonic()
        with LockWatch() as lock:
            peers.run(root, words)
        wall_s = time.monotonic() - start
        return Run(wall_s, lock.share() * wall_s, {sample.name: result_of(sample, root) for sample in chosen})


def _show(assignment: str, chosen: list[Sample], way: str, number: int, run: Run, first: Run) -> int:
    """Print a row and what differs; return how much does."""
    wrong = [f"{s.name}: {line}" for s in chosen for line in s.differences(run.results[s.name])]
    ours, theirs = run.outcomes(), first.outcomes()
    differ = [
        f"{'/'.join(map(str, key))}: {ours.get(key)}, first {theirs.get(key)}"
        for key in sorted(ours.keys() | theirs.keys())
        if ours.get(key) != theirs.get(key)
    ]
    marks = sum(len(result.cells) for result in run.results.values())
    people = sum("inconclusive" in outcome for outcome in ours.values())
    print(
        f"{assignment:12} {way:12} {number:3} {len(chosen):9} {marks:6} {len(wrong):6} {len(ours):8} {len(differ):6} "
        f"{people:6} {run.held_s:7.1f} {run.wall_s:7.1f} {run.wall_s / run.held_s:9.2f}",
        flush=True,
    )
    for line in (*wrong, *differ):
        print(f"    {line}", flush=True)
    return len(wrong) + len(differ)


@contextlib.contextmanager
def _cluster(workers: int) -> Iterator[str]:
    """Start a Dask scheduler and worker processes here; give its address."""
    dask = str(Path(sys.executable).parent / "dask")
    started: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "scheduler.json"

        def start(*words: str) -> None:
            started.append(
                subprocess.Popen(
                    [dask, *words, "--no-dashboard"],
                    cwd=folder,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )

        try:
            start("scheduler", "--port", "0", "--scheduler-file", str(place))
            deadline = time.monotonic() + 60
            while not place.is_file() and time.monotonic() < deadline:
                time.sleep(0.1)
            address: str = json.loads(place.read_text())["address"]
            for _ in range(workers):
                start("worker", address, "--nthreads", "1", "--no-nanny")
            time.sleep(8)  # their imports are no part of the grading
            yield address
        finally:
            for process in started:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


if __name__ == "__main__":
    sys.exit(main())
