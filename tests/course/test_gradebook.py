"""Writing one student's marks: where they go, and that it costs no more in a large class than in a small one."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from kernelmark.course.gradebook import Book, write_marks
from kernelmark.errors import CourseError
from kernelmark.records import CellResult, Machine, SubmissionResult

CELLS = ("add_small", "add_large")


def a_result(student: str, notebook: str = "short", names: Sequence[str] = CELLS) -> SubmissionResult:
    cells = tuple(CellResult(name, "pass", 2.0, 2.0, "", "", "", 0.0) for name in names)
    machine = Machine("any", 2, "3.11", "2.0", 1)
    return SubmissionResult("short", notebook, student, "", "", cells, machine, 0.0, 0.0)


def no_penalty(*_: object) -> None:
    return None


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
        write_marks(opened, a_result(student), {"add": None}, no_penalty)
        opened.db.flush()
        connection.set_progress_handler(None, 0)

    book.in_one_transaction(write)
    book.close()
    return counted[0]


class TestWriteMarks:
    @pytest.mark.slow
    def test_takes_as_long_in_any_class(self, class_of: Callable[[int], Book]):
        """nbgrader's own lookups go through the grades of the whole class, in SQLite."""
        small, large = steps_to_write(class_of(5), "s2"), steps_to_write(class_of(100), "s50")
        assert large < 1.5 * small

    def test_a_notebook_without_marks_need_not_be_in_the_grade_book(self, class_of: Callable[[int], Book]):
        """One that was added when work had been handed in has no row there, and costs nobody a mark."""
        book = class_of(1)
        book.in_one_transaction(lambda opened: write_marks(opened, a_result("s0", "extra", ()), {}, no_penalty))
        book.close()

    @pytest.mark.parametrize("missing", ["cell", "notebook"])
    def test_what_is_missing_is_named_with_the_remedy(self, class_of: Callable[[int], Book], missing: str):
        """Nothing is written then."""
        book = class_of(1)
        scores: list[float] = []
        result = a_result("s0", names=["add_small", "new_cell"]) if missing == "cell" else a_result("s0", "extra")
        with pytest.raises(CourseError, match=r"(new_cell|extra).*kernelmark update short"):
            book.in_one_transaction(lambda opened: write_marks(opened, result, {}, no_penalty))
        book.in_one_transaction(lambda opened: scores.append(opened.find_submission("short", "s0").score))
        book.close()
        assert scores == [0.0]

    def test_of_two_cells_of_one_name_the_graded_one_counts(self, class_of: Callable[[int], Book]):
        """As in nbgrader's own lookup; a task of the same name is marked by hand."""
        book = class_of(0)
        scores: list[float | None] = []

        def write(opened: Gradebook) -> None:
            opened.add_task_cell("add_small", "short", "short", max_score=1, cell_type="markdown")
            opened.add_student("s0")
            opened.add_submission("short", "s0")
            write_marks(opened, a_result("s0"), {"add": None}, no_penalty)
            scores.append(opened.find_grade("add_small", "short", "short", "s0").auto_score)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)
            book.in_one_transaction(write)
        book.close()
        assert scores == [2.0]
