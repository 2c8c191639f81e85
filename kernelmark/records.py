"""What grading leaves behind: frozen dataclasses and their JSON.

It does not compute anything: `stats` makes a `Verdict`, `referee` makes the
results, `report` and `picture` only read them. Times are seconds of one call;
ratios are dimensionless, reference time over candidate time, larger is faster.
"""

import contextlib
import functools
import json
import os
import types
import typing
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

Record = TypeVar("Record")
# The folder of the records, below the course's.
RECORDS = ".kernelmark"
# In the metadata of a notebook that was graded to its end: the hash of what was handed in.
HANDED_IN = "kernelmark_handed_in"
Outcome = Literal["pass", "fail", "inconclusive"]
Mark = Literal["pass", "partial", "fail", "person"]


@dataclass(frozen=True)
class Machine:
    """The machine that a result was measured on."""

    processor: str
    cores: int
    python: str
    numpy: str
    blas_threads: int


@dataclass(frozen=True)
class Pair:
    """One value of each side, taken back to back; seconds a call."""

    candidate_cpu_s: float
    baseline_cpu_s: float
    candidate_wall_s: float
    baseline_wall_s: float
    # Of the wall time, what the kernel kept the main thread waiting for a processor; 0 where that is not known.
    candidate_queued_s: float = 0.0
    baseline_queued_s: float = 0.0

    @property
    def ratio(self) -> float:
        """The speed-up that this pair alone shows, on CPU time."""
        return self.baseline_cpu_s / self.candidate_cpu_s


@dataclass(frozen=True)
class Step:
    """A threshold (dimensionless speed-up), its points, and what was found."""

    threshold: float
    points: float
    outcome: Outcome


@dataclass(frozen=True)
class Verdict:
    """The answer of one speed check, with everything needed to draw and doubt it."""

    candidate: str
    baseline: str
    outcome: Outcome
    points: float
    max_points: float
    ratio: float
    wall_ratio: float
    low: float
    high: float
    converged: bool
    steps: tuple[Step, ...]
    pairs: tuple[Pair, ...]
    candidate_loops: int
    baseline_loops: int
    where: str
    reason: str
    # How long the host's lock was held for it, waits left out; of both races where there were two.
    held_s: float = 0.0


@dataclass(frozen=True)
class CellResult:
    """What one graded cell earned. `points` is None when a person must look."""

    grade_id: str
    mark: Mark
    points: float | None
    max_points: float
    claim: str
    reason: str
    staff: str
    elapsed_s: float
    verdicts: tuple[Verdict, ...] = ()
    # Why it was judged beside the submission, where it could be forged; "" where it was judged apart.
    beside: str = ""


@dataclass(frozen=True)
class Cause:
    """A cell of the student's that did not run to its end, and what ended it.

    Args:
        cell: its grade id, or "".
        position: which of the notebook's code cells it is, from 1.
        line: of the cell, from 1; 0 where it is not known.
    """

    cell: str
    position: int
    error: str
    message: str
    line: int = 0

    @property
    def where(self) -> str:
        """The cell, in words."""
        return f"cell `{self.cell}`" if self.cell else f"code cell {self.position}"

    @property
    def text(self) -> str:
        """What happened, in one line."""
        # That a process was lost is said in the grader's words; only an error of Python's has a name to search for.
        name = "" if self.error.startswith("Submission") else self.error
        said = ": ".join(part for part in (name, self.message) if part)
        return f"{self.where} did not run: {said}{f' (line {self.line})' if self.line else ''}"


@dataclass(frozen=True)
class SubmissionResult:
    """One graded notebook."""

    assignment: str
    notebook: str
    student: str
    submission_sha256: str
    source_sha256: str
    cells: tuple[CellResult, ...]
    machine: Machine
    elapsed_s: float
    cpu_s: float
    notes: tuple[str, ...] = ()
    # Of the folder as it was handed in; "" where there was none.
    handed_in: str = ""
    # Of the versions of Python and of the libraries that grading stands on.
    environment_sha256: str = ""
    # Why a person must look before what earned nothing is a zero; "" where nobody must.
    doubt: str = ""
    # The student's cells that did not run, and the modules they import that are not installed where they are graded.
    causes: tuple[Cause, ...] = ()
    missing_modules: tuple[str, ...] = ()

    def cell(self, grade_id: str) -> CellResult | None:
        """Return the result of one cell, or None where the notebook has no such cell."""
        return next((cell for cell in self.cells if cell.grade_id == grade_id), None)


def told_beside(cells: Sequence[CellResult]) -> str:
    """Return in words which cells were judged beside the submission, or ""."""
    found = [cell.grade_id for cell in cells if cell.beside]
    return f"judged beside the submission, could be forged: {', '.join(found)}" if found else ""


def missing_module(name: str, submissions: int) -> str:
    """Return in words that so many submissions import what is not installed."""
    one = submissions == 1
    who = "1 submission imports" if one else f"{submissions} submissions import"
    return f"{who} {name}, which is not installed where {'it is' if one else 'they are'} graded"


def to_json(record: Any) -> str:
    """Return a record as JSON text, floats kept exact."""
    return json.dumps(asdict(record), indent=1)


def from_json(kind: type[Record], text: str | bytes) -> Record:
    """Return the record that `to_json` wrote.

    Raises:
        ValueError: the text is not JSON or its fields are not those of `kind`.
    """
    record = _build(kind, json.loads(text))
    assert isinstance(record, kind)
    return record


def record_path(assignment: str, student: str, notebook: str) -> Path:
    """Return where the record of a graded notebook lies, below the course's folder."""
    return Path(RECORDS) / assignment / student / f"{notebook}.json"


def former_path(path: Path) -> Path:
    """Return where a record waits that no longer tells what the grade book holds."""
    return path.with_name(f"{path.stem}.former")


def write_record(path: Path, record: Any) -> None:
    """Write a record so that whoever reads sees all of it or what was there before, after a power cut too.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(to_json(record))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    """Return a record's fields and their types; worked out once, since a class has a hundred thousand of some."""
    return typing.get_type_hints(kind)


def _build(kind: Any, value: Any) -> Any:
    origin = typing.get_origin(kind)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        if not isinstance(value, dict) or set(value) - {f.name for f in fields(kind)}:
            raise ValueError(f"{kind.__name__}: expected an object with its fields, got {str(value)[:80]}")
        try:
            return kind(**{name: _build(hints[name], item) for name, item in value.items()})
        except TypeError as error:
            raise ValueError(f"{kind.__name__}: {error}") from None
    if origin is tuple:
        (item_kind, _) = typing.get_args(kind)
        return tuple(_build(item_kind, item) for item in value)
    if origin is types.UnionType:
        return None if value is None else _build(next(k for k in typing.get_args(kind) if k is not type(None)), value)
    if origin is Literal:
        if value not in typing.get_args(kind):
            raise ValueError(f"expected one of {typing.get_args(kind)}, got {value!r}")
        return value
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ValueError(f"expected {kind.__name__}, got {value!r}")
    return value
