"""Fixtures that several files share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from hypothesis import settings
from nbformat.notebooknode import NotebookNode

from kernelmark.records import SubmissionResult
from kernelmark.referee import grading
from kernelmark.sandbox.limits import Limits
from tests import small_course
from tests.launcher import LAUNCHER

# The same examples every time, and no example fails for being slow; `make fuzz` draws others.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None, max_examples=500, print_blob=True)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _no_processes_left() -> Iterator[None]:
    """The warm processes of the suite end with it."""
    yield
    grading._warm_judges.close()
    LAUNCHER.close()


@pytest.fixture
def grade_short(tmp_path: Path) -> Callable[..., SubmissionResult]:
    """Grades a submission of the short course: `grade_short(notebook, limits)`."""
    source = tmp_path / "source" / "short.ipynb"
    source.parent.mkdir()
    nbformat.write(small_course.notebook(), source)

    def grade(submission: NotebookNode | bytes, limits: Limits | None = None) -> SubmissionResult:
        handed_in = tmp_path / "submitted" / "short.ipynb"
        handed_in.parent.mkdir(exist_ok=True)
        raw = submission if isinstance(submission, bytes) else nbformat.writes(submission).encode()
        handed_in.write_bytes(raw)
        return grading.grade(source, handed_in, limits)

    return grade
