"""`kernelmark answers`: a written question of a whole class on one page; what markers saved, into the grade book."""

import argparse
import sys
from pathlib import Path
from typing import Any

from kernelmark.errors import KernelmarkError, needs_grader
from kernelmark.text import visible


def add_to(commands: Any) -> None:
    """Add the command to a parser's."""
    made = commands.add_parser("answers", help="mark a written question for the whole class on one page, by its rubric")
    made.add_argument("assignment", help="for example 03_matmul")
    made.add_argument("grade_id", nargs="?", default="", help="one question (default: a page for each)")
    made.add_argument("--part", default="", metavar="1/2", help="a share of the class, where several markers split it")
    made.add_argument("--names", action="store_true", help="with the students' ids, which are left out otherwise")
    made.add_argument("--to", default="reports", metavar="FOLDER", help="where pages are written (default: reports)")
    made.add_argument("--apply", nargs="+", default=[], metavar="FILE", help="put what pages saved into the grade book")
    made.add_argument(
        "--overwrite",
        action="store_true",
        help="with --apply: the file's mark, where the grade book has another",
    )
    made.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    with needs_grader("answers"):
        from kernelmark.whole_class import answers, answers_back

    if arguments.overwrite and not arguments.apply:
        raise KernelmarkError("answers: --overwrite goes with --apply")
    if arguments.apply:
        files = [answers_back.load(Path(name)) for name in arguments.apply]
        done = answers_back.apply(files, arguments.assignment, arguments.grade_id, overwrite=arguments.overwrite)
        for name, each in done.items():
            for line in each.told:
                print(f"{name}: {visible(line, lines=False)}")
            for line in each.conflicts:
                print(f"kernelmark: {name}: {visible(line, lines=False)}", file=sys.stderr)
            print(f"{name}: {len(each.marks)} marks written, {len(each.conflicts)} not")
        if any(each.marks for each in done.values()):
            print(f"late penalties follow at the next run: kernelmark autograde {arguments.assignment}")
        return int(any(each.conflicts for each in done.values()))
    course = answers.Course()
    for question in course.questions(arguments.assignment, arguments.grade_id):
        text, count = answers.as_page(course, question, part=arguments.part, names=arguments.names)
        part = f"-{arguments.part.replace('/', 'of')}" if arguments.part else ""
        place = Path(arguments.to) / f"answers-{arguments.assignment}-{question.grade_id}{part}.html"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        print(f"written: {place} ({count} answers)")
    return 0
