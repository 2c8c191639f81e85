"""The sample class: submissions made from small files of solution cells, each with the marks it must get.

    python -m tests.sample_class demo [assignment ...]

A file is Python whose docstring is TOML: `why`, `base` (what stands in every other
cell: the instructor's "solution" or the untouched "release"), `[marks]` and `[reasons]`
by grade id, and `[surgery]` on the notebook. `# %% grade_id` begins a cell.
"""

import ast
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook

from kernelmark.notebook.conform import Course
from kernelmark.records import SubmissionResult, from_json

ROOT = Path(__file__).resolve().parent.parent
SUBMISSIONS = ROOT / "tests" / "submissions"
# The demo grades some of 03, to stay under three minutes, and one of each kind of another assignment when
# asked (`make demo DEMO=07_conv`); the suite grades all.
DEMO = {
    "03_matmul": (
        "correct/helper_in_an_extra_cell",
        "correct/noisy_but_right",
        "wrong/drops_the_ragged_tail",
        "slow/rows_of_products",
        "cheating/replaces_numpy_comparisons",
        "cheating/stops_the_clock",
        "cheating/rearranges_the_tests",
        "broken/exits_in_a_function",
        "broken/not_json",
        "empty/untouched_release",
    )
}
_CELL = re.compile(r"^# %% (?P<id>\S+)(?: (?P<where>after|before)=(?P<anchor>\S+))?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    """One submission of the sample class, by the path of its file."""

    path: Path

    @property
    def name(self) -> str:
        """Its kind and its habit, as in "wrong/drops_the_ragged_tail"."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def student(self) -> str:
        """The student id it is handed in under."""
        return f"{self.path.parent.name}-{self.path.stem}"

    @property
    def assignment(self) -> str:
        """The assignment it answers."""
        return self.path.parent.parent.name

    @cached_property
    def head(self) -> dict[str, Any]:
        """The TOML of the file: why, base, marks, reasons, surgery."""
        if self.path.suffix == ".ipynb":
            return tomllib.loads(self.path.with_suffix(".toml").read_text())
        return tomllib.loads(ast.get_docstring(ast.parse(self._docstring_only())) or "")

    def course(self) -> Course:
        """The instructor's notebook that it answers."""
        return course(self.assignment)

    def content(self) -> str:
        """The text of the file that is handed in."""
        if self.path.suffix == ".ipynb":
            return self.path.read_text()
        return json.dumps(self.notebook(), indent=1)  # as it stands: nbformat would mend doubled ids

    def notebook(self) -> NotebookNode:
        """The notebook that is handed in: the base with this file's cells and its surgery."""
        base = self.course()
        notebook = base.source if self.head["base"] == "solution" else base.released
        made: NotebookNode = nbformat.from_dict(json.loads(json.dumps(notebook)))
        if self.head.get("demo_cells", False) is False:
            # The cells to try take seconds and earn nothing; most students delete or keep them alike.
            made.cells = [c for c in made.cells if c.cell_type != "code" or c.metadata.get("nbgrader")]
        for match, source in self._cells():
            _put(made, match, source)
        _operate(made, self.head.get("surgery", {}))
        return made

    def expected(self) -> dict[str, float | str]:
        """The marks it must get, by grade id; "person" where somebody must look."""
        solved = self.head["base"] == "solution"
        marks: dict[str, float | str] = {}
        for cell in self.course().cells:
            if cell.role == "test":
                marks[cell.grade_id] = cell.points if solved else 0.0
            elif cell.role == "answer" and cell.points:
                marks[cell.grade_id] = "person" if solved else 0.0
        unknown = set(self.head.get("marks", {})) - set(marks)
        if unknown:
            raise ValueError(f"{self.path}: no such grade id: {', '.join(sorted(unknown))}")
        return {**marks, **self.head.get("marks", {})}

    def differences(self, result: SubmissionResult) -> list[str]:
        """What the result has other than expected, in words; empty where all is right."""
        found = {cell.grade_id: "person" if cell.points is None else cell.points for cell in result.cells}
        expected = self.expected()
        differing = [
            f"{name}: expected {expected.get(name)}, got {found.get(name)}"
            for name in sorted(expected.keys() | found.keys())
            if expected.get(name) != found.get(name)
        ]
        for name, text in self.head.get("reasons", {}).items():
            cell = result.cell(name)
            if cell is None or text not in cell.reason:
                differing.append(f"{name}: the reason must say {text!r}, it says {cell.reason if cell else None!r}")
        return differing

    def _docstring_only(self) -> str:
        text = self.path.read_text()
        first = _CELL.search(text)
        return text[: first.start()] if first else text

    def _cells(self) -> Iterator[tuple[re.Match[str], str]]:
        text = self.path.read_text()
        matches = list(_CELL.finditer(text))
        for match, following in zip(matches, [*matches[1:], None][: len(matches)], strict=True):
            yield match, text[match.end() : following.start() if following else None].strip("\n")


def course(assignment: str) -> Course:
    """Return the instructor's notebook of an assignment."""
    if assignment not in _courses:
        (path,) = (ROOT / "source" / assignment).glob("*.ipynb")
        _courses[assignment] = Course(nbformat.read(path, as_version=4))
    return _courses[assignment]


_courses: dict[str, Course] = {}


def load(path: Path) -> Sample:
    """Return the submission that a file describes."""
    return Sample(path)


def samples(assignment: str) -> list[Sample]:
    """Return the whole sample class of an assignment, by name."""
    files = [p for p in (SUBMISSIONS / assignment).glob("*/*") if p.suffix in (".py", ".ipynb")]
    return sorted((Sample(path) for path in files), key=lambda sample: sample.name)


def demo_samples(assignment: str) -> list[Sample]:
    """Return the submissions that the demo grades: those listed, else the first of each kind."""
    if assignment in DEMO:
        return [sample for sample in samples(assignment) if sample.name in DEMO[assignment]]
    first = {sample.path.parent.name: sample for sample in reversed(samples(assignment))}
    return [first[kind] for kind in sorted(first)]


def notebook_name(assignment: str) -> str:
    """Return the name of an assignment's notebook, without its ending."""
    (path,) = (ROOT / "source" / assignment).glob("*.ipynb")
    return path.stem


def hand_in(sample: Sample, root: Path) -> None:
    """Write a submission where nbgrader collects it."""
    folder = root / "submitted" / sample.student / sample.assignment
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{notebook_name(sample.assignment)}.ipynb").write_text(sample.content(), encoding="utf-8")


def result_of(sample: Sample, root: Path) -> SubmissionResult:
    """Return the record of a graded submission."""
    path = root / ".kernelmark" / sample.assignment / sample.student / f"{notebook_name(sample.assignment)}.json"
    return from_json(SubmissionResult, path.read_bytes())


def demo(assignments: Sequence[str], root: Path = ROOT) -> int:
    """Release, grade and report the sample class with nbgrader's own commands; return the exit status."""
    own = {sample.student for folder in sorted((ROOT / "source").iterdir()) for sample in demo_samples(folder.name)}
    present = {p.name for p in (root / "submitted").glob("*") if p.is_dir()} if (root / "submitted").is_dir() else set()
    if present - own:
        print(f"submitted/ holds other students ({sorted(present - own)[0]}, for one); run the demo in a fresh clone")
        return 2
    (root / ".kernelmark").mkdir(exist_ok=True)
    (root / ".kernelmark" / "demo").write_text("\n".join(sorted(own)) + "\n")
    status = 0
    for assignment in assignments:
        chosen = demo_samples(assignment)
        print(f"{assignment}: release, {len(chosen)} submissions, autograde, feedback")
        run(root, "nbgrader", "generate_assignment", assignment, "--force")
        for sample in chosen:
            hand_in(sample, root)
        start = time.monotonic()
        run(root, "nbgrader", "autograde", assignment, "--force")
        print(f"graded in {time.monotonic() - start:.0f} s")
        run(root, "nbgrader", "generate_feedback", assignment, "--force")
        run(root, "kernelmark", "report", assignment, show=True)
        status |= table(chosen, root)
    return status


def table(chosen: Sequence[Sample], root: Path) -> int:
    """Print submission, expected, got and time; return 1 where any mark differs."""
    print(f"\n{'submission':44} {'expected':>8} {'got':>6} {'person':>6} {'time':>7}")
    wrong = 0
    scores = book_scores(chosen, root)
    for sample in chosen:
        result = result_of(sample, root)
        differing = sample.differences(result)
        expected = sum(v for v in sample.expected().values() if not isinstance(v, str))
        got = scores[sample.name]
        if got != sum(cell.points or 0.0 for cell in result.cells):
            differing.append(f"the grade book holds {got}, not the sum of the cells")
        people = sum(cell.points is None for cell in result.cells)
        print(
            f"{sample.name:44} {expected:8g} {got:6g} {people:6d} {result.elapsed_s:6.1f}s  {'' if differing else 'ok'}"
        )
        for line in differing:
            print(f"    {line}")
        wrong += bool(differing)
    print(f"{len(chosen) - wrong} of {len(chosen)} as expected")
    return int(wrong > 0)


def book_scores(chosen: Sequence[Sample], root: Path) -> dict[str, float]:
    """Return each submission's score in nbgrader's own grade book."""
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        return {s.name: float(book.find_submission(s.assignment, s.student).score) for s in chosen}


def run(root: Path, command: str, *words: str, show: bool = False) -> None:
    """Run a command of the environment in the course's folder; stop with its output where it fails."""
    folder = Path(sys.executable).parent
    path = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [str(folder / command), *words], cwd=root, capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    if done.returncode:
        raise SystemExit(f"{command} {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    if show:
        print(done.stdout, end="")


def _put(notebook: NotebookNode, match: re.Match[str], source: str) -> None:
    if match["id"] != "+":
        for cell in notebook.cells:
            if _id(cell) == match["id"]:
                cell.source = source
                return
        raise ValueError(f"no cell with grade id {match['id']}")
    at = next(i for i, cell in enumerate(notebook.cells) if _id(cell) == match["anchor"])
    cell = nbformat.v4.new_code_cell(source)
    notebook.cells.insert(at + (match["where"] == "after"), cell)


def _operate(notebook: NotebookNode, surgery: dict[str, Any]) -> None:
    """Do to a notebook what students and JupyterLab do to notebooks."""
    cells = notebook.cells
    for name in surgery.get("split", ()):
        at = _position(notebook, name)
        lines = cells[at].source.split("\n")
        half = next((i for i in range(len(lines) // 2, len(lines)) if not lines[i].strip()), len(lines) // 2)
        second = nbformat.from_dict(json.loads(json.dumps(cells[at])))
        cells[at].source, second.source = "\n".join(lines[:half]), "\n".join(lines[half:])
        cells.insert(at + 1, second)
    for name in surgery.get("duplicate", ()):
        at = _position(notebook, name)
        cells.insert(at, nbformat.from_dict(json.loads(json.dumps(cells[at]))))
    for name in surgery.get("to_markdown", ()):
        at = _position(notebook, name)
        cells[at] = nbformat.v4.new_markdown_cell(cells[at].source, metadata=cells[at].metadata)
    for name in surgery.get("skip_tag", ()):
        cells[_position(notebook, name)].metadata["tags"] = ["skip-execution"]
    for name in surgery.get("move_first", ()):
        cells.insert(0, cells.pop(_position(notebook, name)))
    for name, points in surgery.get("points", {}).items():
        cells[_position(notebook, name)].metadata["nbgrader"]["points"] = points
    for name in surgery.get("delete", ()):
        del cells[_position(notebook, name)]


def _position(notebook: NotebookNode, name: str) -> int:
    return next(i for i, cell in enumerate(notebook.cells) if _id(cell) == name)


def _id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


if __name__ == "__main__":
    if sys.argv[1:2] != ["demo"]:
        raise SystemExit(__doc__)
    sys.exit(demo(sys.argv[2:] or sorted(DEMO)))
