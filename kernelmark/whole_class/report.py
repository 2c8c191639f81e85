"""Summaries for staff, from records alone: a table for a terminal, a page for a browser.

It reads what grading left behind and changes nothing. Everything a student wrote is
escaped; the page loads nothing and runs nothing.
"""

import contextlib
import html
from collections.abc import Sequence
from pathlib import Path

from kernelmark.errors import KernelmarkError
from kernelmark.records import CellResult, SubmissionResult, from_json
from kernelmark.stopwatch import picture
from kernelmark.stopwatch.stats import number

# What one cell has to say to staff; a message that a submission made long is cut.
MAX_STAFF_CHARS = 20_000
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
STYLE = """
body { font: 15px/1.45 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #111 }
table { border-collapse: collapse; margin: 1em 0 }
td, th { border: 1px solid #bbb; padding: .25em .6em; text-align: left }
td { overflow: hidden }
td.n { text-align: right; font-variant-numeric: tabular-nums } details { margin: .6em 0 } pre { white-space: pre-wrap }
"""


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
    """Return the class as lines of text: points, cells for a person, and the time it took."""
    width = max(7, *(len(record.student) for record in records))
    lines = [f"{'student':{width}}  points  of   person  time"]
    for record in records:
        earned, most, people = totals(record)
        # A terminal obeys what is not printable.
        student = "".join(c if c.isprintable() else "?" for c in record.student)
        lines.append(
            f"{student:{width}}  {number(earned):>6}  {number(most):>3}  {people:>6}  {record.elapsed_s:4.1f} s"
        )
    return "\n".join(lines)


def as_page(records: Sequence[SubmissionResult], looks: str = "") -> str:
    """Return the class as an HTML page: marks, the cells most often missed, and every doubtful verdict.

    Args:
        looks: a section of HTML on what needs a look, put before them.
    """
    assignment = html.escape(records[0].assignment)
    rows = "".join(_row(record) for record in records)
    missed = _missed(records)
    doubtful = "".join(
        f"<h3>{html.escape(record.student)}</h3>" + "".join(_doubt(cell) for cell in cells)
        for record in records
        if (cells := [cell for cell in record.cells if cell.points is None and cell.staff and cell.claim])
    )
    machines = sorted({f"{r.machine.processor}, {r.machine.cores} cores, NumPy {r.machine.numpy}" for r in records})
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{assignment}</title><style>{STYLE}</style>"
        f"<h1>{assignment}: {len(records)} submissions</h1><p>Graded on {html.escape('; '.join(machines))}.</p>"
        f"{looks}<table><tr><th>student<th>points<th>of<th>need a person<th>seconds</tr>"
        f"{rows}</table><h2>Most often missed</h2>"
        f"<table><tr><th>cell<th>missed by<th>what it tests</tr>{missed}</table>"
        f"<h2>Not judged by the machine</h2>{doubtful or '<p>None but the written answers.</p>'}</html>"
    )


def totals(record: SubmissionResult) -> tuple[float, float, int]:
    """Return the points earned, the points there are, and how many cells need a person."""
    earned = sum(cell.points or 0.0 for cell in record.cells)
    return earned, sum(cell.max_points for cell in record.cells), sum(cell.points is None for cell in record.cells)


def _row(record: SubmissionResult) -> str:
    earned, most, people = totals(record)
    cells = (number(earned), number(most), str(people), f"{record.elapsed_s:.1f}")
    return f"<tr><td>{html.escape(record.student)}" + "".join(f"<td class='n'>{text}" for text in cells) + "</tr>"


def _missed(records: Sequence[SubmissionResult]) -> str:
    counts: dict[str, tuple[int, str]] = {}
    for record in records:
        for cell in record.cells:
            if cell.points is not None and cell.points < cell.max_points:
                counts[cell.grade_id] = (counts.get(cell.grade_id, (0, ""))[0] + 1, cell.claim)
    ranked = sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))[:20]
    rows = [(html.escape(name), count, html.escape(claim.partition("\n")[0])) for name, (count, claim) in ranked]
    return "".join(
        f"<tr><td>{name}<td class='n'>{count} of {len(records)}<td>{claim}</tr>" for name, count, claim in rows
    )


def _doubt(cell: CellResult) -> str:
    drawn = "".join(picture.as_svg(verdict) for verdict in cell.verdicts)
    said = html.escape(cell.staff[:MAX_STAFF_CHARS])
    return f"<details><summary>{html.escape(cell.grade_id)}</summary><pre>{said}</pre>{drawn}</details>"
