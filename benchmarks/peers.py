"""What a submission costs: stock nbgrader, otter-grader and Kernelmark on the same work, in one run.

    python benchmarks/peers.py [--count 20] [--jobs 2] [--otter FOLDER]

Each grades the small notebook of `_small`, all submissions right and each different. CPU
is that of all processes, user and system, waited for to the end; wall is the time of the
whole command. Otter-grader runs without Docker (`otter run`), in a virtual environment of
its own, made once in the folder of --otter. The start of each command is part of what it
costs; so is everything that the others do not do (sandbox, judge, reference, records).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import _small
from nbgrader.api import Gradebook

ROOT = Path(__file__).parent.parent
STOCK = 'c = get_config()\nc.CourseDirectory.course_id = "bench"\n'


@dataclass(frozen=True)
class Cost:
    """Seconds a submission."""

    name: str
    cpu_s: float
    wall_s: float


def main() -> int:
    """Print the table; 1 where a mark was not full."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=20, help="submissions")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--otter", type=Path, default=ROOT / "build" / "otter", help="its virtual environment")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        costs = [
            stock(root / "stock", options.count),
            ours(root / "one", options.count, ["nbgrader", "autograde", _small.NAME], "Kernelmark, nbgrader autograde"),
            ours(
                root / "class",
                options.count,
                ["kernelmark", "autograde", _small.NAME, "--jobs", str(options.jobs)],
                f"Kernelmark, kernelmark autograde --jobs {options.jobs}",
            ),
        ]
        otter = otter_cost(root / "otter", options.count, options.otter)
        costs += [otter] if otter else []
    print(f"{options.count} submissions, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n")
    print(f"{'':46} {'CPU s':>7} {'wall s':>7} {'a minute':>9} {'CPU ratio':>10} {'wall ratio':>11}")
    for cost in costs:
        print(
            f"{cost.name:46} {cost.cpu_s:7.3f} {cost.wall_s:7.3f} {60 / cost.wall_s:9.0f} "
            f"{costs[0].cpu_s / cost.cpu_s:10.2f} {costs[0].wall_s / cost.wall_s:11.2f}"
        )
    print("\nRatios: what stock nbgrader needs over what this one needs.")
    return 0


def stock(root: Path, count: int) -> Cost:
    """Grade the class with stock nbgrader."""
    _small.write_course(root, count, STOCK)
    run(root, ["nbgrader", "generate_assignment", _small.NAME])
    cost = measured("stock nbgrader autograde", root, ["nbgrader", "autograde", _small.NAME], count)
    check(root, count)
    return cost


def ours(root: Path, count: int, words: Sequence[str], name: str) -> Cost:
    """Grade the class with Kernelmark's configuration."""
    _small.write_course(root, count, (ROOT / "nbgrader_config.py").read_text())
    run(root, ["nbgrader", "generate_assignment", _small.NAME])
    cost = measured(name, root, words, count)
    check(root, count)
    return cost


def otter_cost(root: Path, count: int, environment: Path) -> Cost | None:
    """Grade the class with otter-grader, one `otter run` a submission; None where it cannot be installed."""
    program = environment / "bin" / "otter"
    if not program.is_file():
        print(f"installing otter-grader into {environment}")
        made = subprocess.run([sys.executable, "-m", "venv", str(environment)], capture_output=True, text=True)
        pip = [str(environment / "bin" / "pip"), "install", "-q", "otter-grader>=7,<8", "ipykernel"]
        done = subprocess.run(pip, capture_output=True, text=True) if made.returncode == 0 else made
        if done.returncode:
            print(f"otter-grader could not be installed, and is left out: {done.stderr[-300:]}")
            return None
    paths = _small.otter_files(root, count)
    environ = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(
        [str(program), "generate", "-t", "tests", "-o", "grader.zip"],
        cwd=root,
        env=environ,
        check=True,
        capture_output=True,
    )
    cpu, start = _children_cpu_s(), time.monotonic()
    for path in paths:
        command = [str(program), "run", "-a", str(root / "grader.zip"), path.name]
        subprocess.run(command, cwd=path.parent, env=environ, check=True, capture_output=True)
    cost = Cost("otter run", (_children_cpu_s() - cpu) / count, (time.monotonic() - start) / count)
    for path in paths:
        result = json.loads((path.parent / "results.json").read_text())
        earned = sum(test.get("score", 0.0) for test in result["tests"])
        if earned != _small.POINTS:
            raise SystemExit(f"otter gave {earned} of {_small.POINTS} points to {path}")
    return cost


def measured(name: str, root: Path, words: Sequence[str], count: int) -> Cost:
    """Run a command in a course's folder and return what it cost a submission."""
    cpu, start = _children_cpu_s(), time.monotonic()
    run(root, words)
    return Cost(name, (_children_cpu_s() - cpu) / count, (time.monotonic() - start) / count)


def run(root: Path, words: Sequence[str]) -> None:
    """Run a command of this environment; stop with its output where it fails."""
    folder = Path(sys.executable).parent
    environ = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([str(folder / words[0]), *words[1:]], cwd=root, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")


def check(root: Path, count: int, database: str = "") -> None:
    """Stop where any submission got less than full marks."""
    with Gradebook(database or f"sqlite:///{root / 'gradebook.db'}") as book:
        scores = [submission.score for submission in book.assignment_submissions(_small.NAME)]
    if scores != [_small.POINTS] * count:
        raise SystemExit(f"expected {count} times {_small.POINTS} points, got {scores}")


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
