"""A class in numbers: each student's mark, each test's success and how well it tells, and what befell everybody.

It computes from records, and from the grade book's marks where these are given; it reads no file and draws nothing.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kernelmark.records import CellResult, SubmissionResult, Verdict

BINS = 10


@dataclass(frozen=True)
class InBook:
    """What the grade book has of one student: points after the late penalty, so far where something waits.

    Args:
        state: "", or why the mark is not final. late: what lateness cost, in a sentence.
        cells: {test: points}, None where it waits.
    """

    points: float
    penalty: float = 0.0
    state: str = ""
    late: str = ""
    section: str = ""
    cells: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One student: points of how many, cells that wait, and what else a table of the class shows."""

    student: str
    points: float
    most: float
    waits: int
    seconds: float
    cells: Mapping[str, float | None]
    penalty: float = 0.0
    state: str = ""
    late: str = ""
    section: str = ""
    notebooks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """One test or answer over the class; `tells` is its discrimination, None where it cannot be told."""

    name: str
    claim: str
    most: float
    marked: int
    full: int
    mean: float
    waits: int
    seconds: float
    tells: float | None
    # The last race of each submission, by student, where it is a speed test.
    races: Mapping[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True)
class Spread:
    """How the marks of a class are spread: how many in each tenth, and some of them; in percent."""

    counts: tuple[int, ...]
    mean: float
    low: float
    lower: float
    median: float
    upper: float
    high: float


@dataclass(frozen=True)
class Doubt:
    """One reason why a test was not judged, and whom it befell."""

    name: str
    reason: str
    students: tuple[str, ...]
    cells: tuple[CellResult, ...]


@dataclass(frozen=True)
class Overview:
    """A class in numbers."""

    rows: list[Row]
    tests: list[Asked]
    spread: Spread | None
    doubts: list[Doubt]


def overview(records: Sequence[SubmissionResult], in_book: Mapping[str, InBook] | None = None) -> Overview:
    """Return a class in numbers, students in the order of their names."""
    in_book = in_book or {}
    several = len({record.notebook for record in records}) > 1
    rows = _rows(records, in_book, several=several)
    tests = _tests(records, rows, several=several)
    shares = [100 * row.points / row.most for row in rows if row.most]
    return Overview(rows, tests, spread(shares) if shares else None, _doubts(records))


def name_of(record: SubmissionResult, cell: CellResult, *, several: bool) -> str:
    """Return what a test is called: with its notebook where the assignment has several."""
    return f"{record.notebook}/{cell.grade_id}" if several else cell.grade_id


def _rows(records: Sequence[SubmissionResult], in_book: Mapping[str, InBook], *, several: bool) -> list[Row]:
    own: dict[str, list[SubmissionResult]] = {}
    for record in records:
        own.setdefault(record.student, []).append(record)
    rows = []
    for student in sorted({*own, *in_book}):
        mine = own.get(student, [])
        cells = {name_of(r, c, several=several): c.points for r in mine for c in r.cells}
        most = sum(c.max_points for r in mine for c in r.cells)
        seconds = sum(record.elapsed_s for record in mine)
        names = tuple(record.notebook for record in mine)
        book = in_book.get(student)
        if book is None:
            points = sum(value or 0.0 for value in cells.values())
            waits = sum(value is None for value in cells.values())
            rows.append(Row(student, points, most, waits, seconds, cells, notebooks=names))
        else:
            cells |= {name: value for name, value in book.cells.items() if value is not None or name not in cells}
            waits = sum(value is None for value in cells.values())
            also = (book.penalty, book.state, book.late, book.section, names)
            rows.append(Row(student, book.points, most, waits, seconds, cells, *also))
    return rows


def _tests(records: Sequence[SubmissionResult], rows: Sequence[Row], *, several: bool) -> list[Asked]:
    found: dict[str, list[tuple[str, CellResult]]] = {}
    for record in records:
        for cell in record.cells:
            found.setdefault(name_of(record, cell, several=several), []).append((record.student, cell))
    by_student = {row.student: row for row in rows}
    tests = []
    for name, all_cells in found.items():
        most = max(cell.max_points for _, cell in all_cells)
        given = {student: by_student[student].cells.get(name) for student, _ in all_cells}
        marked = {student: points for student, points in given.items() if points is not None}
        full = {student: points >= most for student, points in marked.items()}
        # Of the cells, without the late penalty: it says nothing about the tests.
        rest = [sum(p or 0.0 for p in by_student[s].cells.values()) - points for s, points in marked.items()]
        tests.append(
            Asked(
                name,
                all_cells[0][1].claim.partition("\n")[0],
                most,
                len(marked),
                sum(full.values()),
                statistics.fmean(marked.values()) if marked else 0.0,
                len(given) - len(marked),
                statistics.fmean(cell.elapsed_s for _, cell in all_cells),
                discrimination(list(full.values()), rest),
                {student: cell.verdicts[-1] for student, cell in all_cells if cell.verdicts},
            )
        )
    return tests


def discrimination(full: Sequence[bool], rest: Sequence[float]) -> float | None:
    """Return the point-biserial correlation of having all points of a test with the points of all others.

    (M1 - M0) / s * sqrt(p * (1 - p)): M1 and M0 are the means of the rest of those with all points and of the others, s
    its standard deviation over all (divided by n), p the share with all points. From -1 to 1; None where all or none
    have them, or everybody has the same rest.

    Source: Lord and Novick 1968, Statistical Theories of Mental Test Scores, 15.3; the rest in the place of the total
    takes the test's own points out.
    """
    with_all = [value for value, has in zip(rest, full, strict=True) if has]
    without = [value for value, has in zip(rest, full, strict=True) if not has]
    if not with_all or not without:
        return None
    s = statistics.pstdev(rest)
    if s < 1e-9:
        return None
    p = len(with_all) / len(rest)
    return (statistics.fmean(with_all) - statistics.fmean(without)) / s * math.sqrt(p * (1 - p))


def spread(shares: Sequence[float]) -> Spread:
    """Return how marks in percent are spread; 100 is in the last tenth."""
    counts = [0] * BINS
    for share in shares:
        counts[min(BINS - 1, max(0, int(share * BINS / 100)))] += 1
    ordered = sorted(shares)
    lower, median, upper = statistics.quantiles(ordered, n=4, method="inclusive") if len(ordered) > 1 else ordered * 3
    return Spread(tuple(counts), statistics.fmean(ordered), ordered[0], lower, median, upper, ordered[-1])


def _doubts(records: Sequence[SubmissionResult]) -> list[Doubt]:
    """Return what the machine did not judge, by test and by the first line of the reason, the commonest first."""
    found: dict[tuple[str, str], list[tuple[str, CellResult]]] = {}
    for record in records:
        for cell in record.cells:
            if cell.points is None and cell.staff and cell.claim:
                # The measurements of a race differ from one submission to the next; its staff line does not.
                reason = cell.staff.strip().partition("\n")[0]
                found.setdefault((cell.grade_id, reason), []).append((record.student, cell))
    doubts = [
        Doubt(name, reason, tuple(student for student, _ in who), tuple(cell for _, cell in who))
        for (name, reason), who in found.items()
    ]
    return sorted(doubts, key=lambda doubt: -len(doubt.students))
