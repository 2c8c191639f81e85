"""`kernelmark report`: a graded class at a glance, on a terminal, on a page and as CSV.

It needs records alone; where nbgrader and the course are here too, marks given by hand, lateness, the roster and what
needs a look come along.
"""

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kernelmark.errors import GraderMissing, KernelmarkError
from kernelmark.text import visible

if TYPE_CHECKING:
    from kernelmark.whole_class.overview import InBook

FEEDBACK = "feedback"


def add_to(commands: Any) -> None:
    """Add the command to a parser's."""
    made = commands.add_parser(
        "report", help="show a graded class at a glance: marks, tests, speed, what needs a person"
    )
    made.add_argument("assignment", help="for example 03_matmul")
    made.add_argument("--records", default=".kernelmark", help="where grading left its records (default: .kernelmark)")
    made.add_argument("--page", default=None, help="where to write the page (default: reports/ASSIGNMENT.html)")
    made.add_argument("--csv", action="store_true", help="write reports/ASSIGNMENT-students.csv and -tests.csv too")
    made.add_argument("--anonymous", action="store_true", help="page and CSV without names, in an order of their own")
    made.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from kernelmark.whole_class import report

    name, root = arguments.assignment, Path(arguments.records)
    wanting, in_book = _course(name, root)
    try:
        records = report.load_records(root, name)
    except KernelmarkError:
        print(*wanting, sep="\n")
        raise
    page = Path(arguments.page or f"reports/{name}.html")
    print(report.as_table(records))
    for line in wanting:
        print(f"needs a look: {line}")
    page.parent.mkdir(parents=True, exist_ok=True)
    if arguments.csv:
        for kind, text in report.as_tables(records, in_book, anonymous=arguments.anonymous).items():
            place = page.with_name(f"{page.stem}-{kind}.csv")
            place.write_text(text, encoding="utf-8")
            print(f"written: {place}")
    links = _links(name, {(r.student, r.notebook) for r in records}, page)
    try:
        made = report.as_page(records, wanting, in_book, links=links, anonymous=arguments.anonymous)
    except GraderMissing as error:
        print(f"kernelmark: {error}", file=sys.stderr)
        return 0
    page.write_text(made, encoding="utf-8")
    print(f"written: {page}")
    return 0


def _course(name: str, root: Path) -> tuple[Sequence[str], dict[str, "InBook"]]:
    """Return what needs a look, and what the grade book has; nothing of either where nbgrader is not installed."""
    if importlib.util.find_spec("nbgrader") is None:
        print("kernelmark: without nbgrader the marks are the machine's alone, from the records", file=sys.stderr)
        return (), {}
    from kernelmark.whole_class import looks, marks
    from kernelmark.whole_class.overview import InBook

    wanting = looks.looks(name, root.absolute())
    try:
        (found,) = marks.gather([name], None).marks
    except KernelmarkError as error:
        print(f"kernelmark: marks by the machine alone, from the records: {visible(str(error))}", file=sys.stderr)
        return wanting, {}
    sections = {person.id: person.section for person in found.people}
    return wanting, {
        student: InBook(mark.so_far, mark.penalty, mark.why, mark.late, sections.get(student, ""), mark.cells)
        for student, mark in found.of.items()
        if mark.cells
    }


def _links(name: str, notebooks: set[tuple[str, str]], page: Path) -> dict[str, str]:
    """Return where each student's feedback lies, as seen from the page, as far as it is there."""
    found = {}
    for student, notebook in sorted(notebooks):
        path = Path(FEEDBACK, student, name, f"{notebook}.html")
        if path.is_file():
            found[student] = quote(os.path.relpath(path, page.parent))
    return found
