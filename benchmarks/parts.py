"""Where the CPU time of a class goes: the start, reading, refereeing, and what is written.

    python benchmarks/parts.py [--count 200] [--jobs 2]

Grades the small notebook of `_small` by `kernelmark autograde`, in this very process, with the
CPU time of each thread read around the steps of `cluster`; processes started for it (the warm
judge, its children, the sandboxes) are counted by the kernel, and the student's part by the referee.
"""

import argparse
import contextlib
import functools
import os
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _small
import peers

_spent: dict[str, float] = defaultdict(float)


def timed(part: str, place: Any, name: str) -> None:
    """Charge the CPU time of a function's thread to a part."""
    function: Callable[..., Any] = getattr(place, name)

    @functools.wraps(function)
    def measured(*args: Any, **kwargs: Any) -> Any:
        start = time.thread_time()
        try:
            return function(*args, **kwargs)
        finally:
            _spent[part] += time.thread_time() - start

    setattr(place, name, measured)


def main() -> int:
    """Print CPU seconds by part."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _small.write_course(root, options.count, (peers.ROOT / "nbgrader_config.py").read_text())
        peers.run(root, ["nbgrader", "generate_assignment", _small.NAME])
        with contextlib.chdir(root):
            _print(options.count, *_graded(options.jobs))
    return 0


def _graded(jobs: int) -> tuple[float, float, float]:
    """Grade the class; return CPU seconds of this process, of its children, and of a second run with nothing to do."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        from kernelmark.course import autograde
        from kernelmark.course.gradebook import Book
        from kernelmark.whole_class import cluster

        grader = cluster.ClassAutograde
        timed("read what was handed in", grader, "_item")
        timed("put the notebook together, clean it, serialise it", cluster, "grade_work")
        timed("the record and its hash", autograde, "keep")
        timed("the grade book: student, submission, marks, one commit", Book, "in_one_transaction")
        timed("all that is written: these two, files, notebook", grader, "_write")
        sys.argv = ["kernelmark"]
        begin, children = time.process_time(), _children_s()
        cluster.run(_small.NAME, [], jobs, "", as_json=False)
        own_s, children_s = time.process_time() - begin, _children_s() - children
        children = _children_s()
        peers.run(Path.cwd(), ["kernelmark", "autograde", _small.NAME])
        return own_s, children_s, _children_s() - children


def _print(count: int, own_s: float, children_s: float, nothing_s: float) -> None:
    from kernelmark.records import SubmissionResult, from_json

    paths = Path(".kernelmark", _small.NAME).rglob("*.json")
    results = [from_json(SubmissionResult, path.read_bytes()) for path in paths]
    assert len(results) == count
    refereed_s = sum(result.cpu_s for result in results)
    print(f"{count} submissions, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n")
    print(f"{'CPU s':>8} {'each':>8}")
    rows = [
        ("judges and students' processes, as the referee counts them", refereed_s),
        ("other processes: the warm ones, forks, sandboxes", children_s - refereed_s),
        *_spent.items(),
        ("the grading process, with all of these but the imports", own_s),
        ("together", own_s + children_s),
        ("a second run of the command: its imports, and finding nothing to do", nothing_s),
    ]
    for name, seconds in rows:
        print(f"{seconds:8.2f} {seconds / count:8.4f}  {name}")


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    # nbgrader calls alembic by name.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    sys.exit(main())
