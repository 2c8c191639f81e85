"""`kernelmark marks`: the marks of a class as a file that a learning management system, or a spreadsheet, reads."""

import argparse
import sys
from pathlib import Path
from typing import Any

from kernelmark.errors import KernelmarkError, needs_grader
from kernelmark.text import visible

# As in `whole_class.sheets`, which needs what grades.
FORMATS = ("canvas", "moodle", "brightspace", "blackboard", "csv", "xlsx")


def add_to(commands: Any) -> None:
    """Add the command to a parser's."""
    marks = commands.add_parser("marks", help="write final marks for an LMS or a spreadsheet, and name who has none")
    marks.add_argument("assignment", nargs="?", default="", help="for example 03_matmul (default: all, with a total)")
    marks.add_argument("--for", dest="kind", choices=FORMATS, default="csv", help="the format (default: csv)")
    marks.add_argument("--into", metavar="EXPORT", help="the system's own export: its column is filled, ids and all")
    marks.add_argument("--column", default="", help="with --into: the item's name there (default: the assignment's)")
    marks.add_argument("--tests", action="store_true", help="with a column for each test and answer")
    marks.add_argument(
        "--waiting", action="store_true", help="with what there is so far where a person has yet to mark"
    )
    marks.add_argument("--roster", default="", metavar="FILE", help="who is in the course (default: students.csv)")
    marks.add_argument("--to", default="", metavar="FILE", help="default: reports/marks-NAME-FORMAT.csv or .xlsx")
    marks.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    with needs_grader("marks"):
        from kernelmark.whole_class import marks, sheets

    if arguments.into and (not arguments.assignment or arguments.tests or arguments.kind in ("csv", "xlsx")):
        raise KernelmarkError(
            "marks: --into takes one assignment, --for canvas, moodle, brightspace or blackboard, and no --tests"
        )
    names = [arguments.assignment] if arguments.assignment else []
    found = marks.gather(names, Path(arguments.roster) if arguments.roster else None)
    columns, entries = marks.table(found, tests=arguments.tests, waiting=arguments.waiting)
    told = [*found.told, *(line for each in found.marks for line in each.told)]
    if arguments.into:
        column = sheets.Column(arguments.column or columns[0].title, columns[0].most)
        filled = sheets.fill(arguments.kind, Path(arguments.into).read_bytes(), column, entries)
        content, told = filled.content, [*told, *(f"{arguments.into}: {line}" for line in filled.told)]
    else:
        content = sheets.as_bytes(arguments.kind, sheets.rows(arguments.kind, columns, entries))
    ending = "xlsx" if arguments.kind == "xlsx" else "csv"
    place = Path(arguments.to or f"reports/marks-{arguments.assignment or 'all'}-{arguments.kind}.{ending}")
    if arguments.into and place.exists() and place.samefile(arguments.into):
        raise KernelmarkError(f"marks: {place} is the export itself; write to another file, by --to")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    for line in told:
        print(f"kernelmark: {visible(line, lines=False)}", file=sys.stderr)
    given = sum(entry.marks[0] is not None for entry in entries)
    first = f" of {columns[0].title}" if len(found.marks) > 1 else ""
    print(f"written: {place} ({given} of {len(entries)} have a mark{first})")
    return 0
