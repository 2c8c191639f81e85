"""What it costs to write one student's marks: no more in a large class than in a small one."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from kernelmark.gradebook import Book, write_marks
from kernelmark.records import CellResult, Machine, SubmissionResult

CELLS = ("add_small", "add_large")


def a_result(student: str) -> SubmissionResult:
    cells = tuple(CellResult(name, "passed", 2.0, 2.0, "", "", "", 0.0) for name in CELLS)
    machine = Machine("any", 2, "3.11", "2.0", 1)
    return SubmissionResult("short", "short", student, "", "", cells, machine, 0.0, 0.0)


@pytest.fixture
def class_of(tmp_path: Path) -> Callable[[int], Book]:
    """Makes the grade book of a class of so many, all of whom have handed in."""

    def make(count: int) -> Book:
        url = f"sqlite:///{tmp_path / f'class_of_{count}.db'}"
        with Gradebook(url) as book, warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)
            book.add_assignment("short")
            book.add_notebook("short", "short")
            for name in CELLS:
                book.add_grade_cell(name, "short", "short", max_score=2, cell_type="code")
            book.add_solution_cell("add", "short", "short")
            for number in range(count):
                book.add_student(f"s{number}")
                book.add_submission("short", f"s{number}")
        return Book(url, 0.0)

    return make


def steps_to_write(book: Book, student: str) -> int:
    """Return how many instructions SQLite's machine takes to write a student's marks, in tens."""
    counted = [0]

    def count() -> None:
        counted[0] += 1

    def write(opened: Gradebook) -> None:
        connection = opened.db.connection().connection.driver_connection
        connection.set_progress_handler(count, 10)
        write_marks(opened, a_result(student), {"add": None}, lambda *_: None)
        opened.db.flush()
        connection.set_progress_handler(None, 0)

    book.in_one_transaction(write)
    book.close()
    return counted[0]


class TestWriteMarks:
    def test_takes_as_long_in_any_class(self, class_of: Callable[[int], Book]):
        """nbgrader's own lookups go through the grades of the whole class, in SQLite."""
        small, large = steps_to_write(class_of(5), "s2"), steps_to_write(class_of(100), "s50")
        assert large < 1.5 * small
