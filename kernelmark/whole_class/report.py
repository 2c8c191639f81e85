"""Summaries for staff: a table for a terminal, a page for a browser, CSV for everything else.

It needs records alone, and takes the grade book's marks where it is given them. It changes nothing. Everything a
student wrote is escaped; the page loads nothing, and runs one script, its own, that sorts and filters.
"""

import base64
import contextlib
import csv
import hashlib
import io
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from kernelmark.errors import GraderMissing, KernelmarkError
from kernelmark.records import SubmissionResult, from_json, missing_module
from kernelmark.stopwatch import picture
from kernelmark.stopwatch.stats import number
from kernelmark.text import field, visible
from kernelmark.whole_class import strips
from kernelmark.whole_class.overview import InBook, Overview, overview

# What one cell has to say to staff; a message that a submission made long is cut.
MAX_STAFF_CHARS = 20_000
# Of one reason; a page with thousands of pictures opens slowly.
MAX_PICTURES = 40
# In a line on a terminal; the page has all.
MAX_NAMED = 5


def load_records(root: Path, assignment: str) -> list[SubmissionResult]:
    """Return every record of an assignment, by student.

    Raises:
        KernelmarkError: there is none.
    """
    found = []
    for path in sorted((root / assignment).glob("*/*.json")):
        with contextlib.suppress(ValueError):  # `looks` names it
            found.append(from_json(SubmissionResult, path.read_bytes()))
    if not found:
        raise KernelmarkError(f"no records of {assignment} in {root}; run: nbgrader autograde {assignment}")
    return found


def as_table(records: Sequence[SubmissionResult]) -> str:
    """Return the class as lines of text: what did not run, points, cells for a person, and the time it took."""
    width = max(7, *(len(visible(record.student, lines=False)) for record in records))
    causes = [f"{text}: {_some(students, records)}" for text, students in did_not_run(records)]
    first = [visible(line, lines=False) for line in (*missing_modules(records), *causes)]
    lines = [*first, *([""] if first else []), f"{'student':{width}}  points  of   person  time"]
    for record in records:
        earned, most, people = totals(record)
        student = visible(record.student, lines=False)
        lines.append(
            f"{student:{width}}  {number(earned):>6}  {number(most):>3}  {people:>6}  {record.elapsed_s:4.1f} s"
        )
    odd = [f"  {visible(r.student, lines=False)}: {visible(' '.join(r.notes), lines=False)}" for r in _odd(records)]
    beside = [
        f"  {visible(name, lines=False)} ({count} of {len(records)}): {visible(why, lines=False)}"
        for name, count, why in judged_beside(records)
    ]
    lines += ["judged beside the submissions, could be forged:", *beside] if beside else []
    spread = overview(records).spread
    if spread and len(records) > 1:
        lines.append(
            f"by the machine: mean {spread.mean:.0f} %, median {spread.median:.0f} %, half of the class from "
            f"{spread.lower:.0f} to {spread.upper:.0f} %"
        )
    return "\n".join([*lines, *(["needs a look:"] if odd else []), *odd])


def as_page(
    records: Sequence[SubmissionResult],
    looks: Sequence[str] = (),
    in_book: Mapping[str, InBook] | None = None,
    *,
    links: Mapping[str, str] | None = None,
    anonymous: bool = False,
) -> str:
    """Return the class as an HTML page: marks, tests, speed, and every doubtful verdict.

    Args:
        looks: what needs a look, a line each; they hold names, and are left out of an anonymous page.
        in_book: what the grade book has, by student; marks given by hand and lateness are known from it alone.
        links: {student: address of the feedback}.

    Raises:
        GraderMissing: Jinja is not installed.
    """
    try:
        from kernelmark.notebook import page
    except ModuleNotFoundError as error:
        raise GraderMissing(f"the page needs Jinja: pip install jinja2, or kernelmark[grader] ({error})") from error
    found = overview(records, in_book)
    labels = _labels(found, anonymous=anonymous)

    def who(students: Sequence[str]) -> str:
        everybody = len(students) == len({record.student for record in records}) > 1
        named = ", ".join(labels[student] for student in students)
        return f"all {len(students)}: mend the notebook and grade again" if everybody else named

    return page.render(
        "report.html",
        assignment=records[0].assignment,
        rows=sorted(found.rows, key=lambda row: labels[row.student]) if anonymous else found.rows,
        tests=found.tests,
        spread=found.spread,
        in_book=bool(in_book),
        waiting=sum(row.waits > 0 for row in found.rows),
        bars=strips.bars(found.spread) if found.spread else "",
        strips=[(test.name, strips.strip(test.races)) for test in found.tests if test.races],
        doubts=found.doubts,
        late=[row for row in found.rows if row.late or row.penalty],
        sections=any(row.section for row in found.rows),
        links={} if anonymous else links or {},
        label=labels.__getitem__,
        who=who,
        anonymous=anonymous,
        looks=() if anonymous else looks,
        machines=sorted({f"{r.machine.processor}, {r.machine.cores} cores, NumPy {r.machine.numpy}" for r in records}),
        beside=judged_beside(records),
        odd=[] if anonymous else _odd(records),
        **_own_script(),
        missing=missing_modules(records),
        causes=did_not_run(records),
        most_chars=MAX_STAFF_CHARS,
        most_pictures=MAX_PICTURES,
        number=number,
        as_svg=picture.as_svg,
    )


def _own_script() -> dict[str, str]:
    """Return the page's one script, and its hash: the page's policy lets no other run."""
    script = (Path(__file__).resolve().parent.parent / "templates" / "report.js").read_text(encoding="utf-8")
    return {"script": script, "script_sha256": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}


def _labels(found: Overview, *, anonymous: bool) -> dict[str, str]:
    """Return what each student is called on a page; without names by numbers that are drawn anew for each page."""
    students = [row.student for row in found.rows]
    if not anonymous:
        return {student: visible(student, lines=False) for student in students}
    order = random.SystemRandom().sample(students, len(students))
    width = len(str(len(order)))
    return {student: f"student {number:0{width}d}" for number, student in enumerate(order, 1)}


def as_tables(
    records: Sequence[SubmissionResult], in_book: Mapping[str, InBook] | None = None, *, anonymous: bool = False
) -> dict[str, str]:
    """Return the class as CSV: `students`, a row each with a column for every cell, and `tests`, a row each."""
    found = overview(records, in_book)
    labels = _labels(found, anonymous=anonymous)
    cells = [test.name for test in found.tests]
    students: list[list[object]] = [
        ["student", "section", "points", "of", "waits", "late penalty", "state", "seconds", *cells]
    ]
    for row in sorted(found.rows, key=lambda row: labels[row.student]):
        given = [row.cells.get(name) for name in cells]
        own = [row.section, row.points, row.most, row.waits, row.penalty, row.state, round(row.seconds, 1)]
        students.append([labels[row.student], *own, *given])
    tests: list[list[object]] = [
        ["test", "points", "marked", "all points", "mean", "tells", "waits", "seconds", "claim"]
    ]
    for one in found.tests:
        counts = [one.most, one.marked, one.full, one.mean, one.tells, one.waits, round(one.seconds, 3)]
        tests.append([one.name, *counts, one.claim])
    return {"students": _csv(students), "tests": _csv(tests)}


def _csv(rows: Sequence[Sequence[object]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([field(value) for value in row] for row in rows)
    return out.getvalue()


def judged_beside(records: Sequence[SubmissionResult]) -> list[tuple[str, int, str]]:
    """Return the tests that ran beside submissions, each with how often and why, in the order of the notebook."""
    found: dict[str, tuple[int, str]] = {}
    for record in records:
        for cell in record.cells:
            if cell.beside:
                found[cell.grade_id] = (found.get(cell.grade_id, (0, ""))[0] + 1, cell.beside)
    return [(name, count, why) for name, (count, why) in found.items()]


def totals(record: SubmissionResult) -> tuple[float, float, int]:
    """Return the points earned, the points there are, and how many cells need a person."""
    earned = sum(cell.points or 0.0 for cell in record.cells)
    return earned, sum(cell.max_points for cell in record.cells), sum(cell.points is None for cell in record.cells)


def _odd(records: Sequence[SubmissionResult]) -> list[SubmissionResult]:
    """Return the records of folders about which something was odd, those first that wait for a person."""
    return sorted((record for record in records if record.notes), key=lambda record: not record.doubt)


def missing_modules(records: Sequence[SubmissionResult]) -> list[str]:
    """Return a sentence for each module that submissions import and that is not installed, the commonest first."""
    importing: dict[str, set[str]] = {}
    for record in records:
        for module in record.missing_modules:
            importing.setdefault(module, set()).add(record.student)
    return [missing_module(name, len(who)) for name, who in sorted(importing.items(), key=lambda i: (-len(i[1]), i[0]))]


def did_not_run(records: Sequence[SubmissionResult]) -> list[tuple[str, list[str]]]:
    """Return what kept cells from running, each with the students whom it befell, the commonest first."""
    found: dict[str, dict[str, None]] = {}
    for record in records:
        for cause in record.causes:
            found.setdefault(cause.text, {})[record.student] = None
    return sorted(((text, list(who)) for text, who in found.items()), key=lambda item: -len(item[1]))


def _some(students: Sequence[str], records: Sequence[SubmissionResult]) -> str:
    if len(students) == len({record.student for record in records}) > 1:
        return f"all {len(students)}: mend the notebook and grade again"
    more = len(students) - MAX_NAMED
    return ", ".join(students[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
