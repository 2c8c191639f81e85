"""Small notebooks graded for real, as the course's own and as a student's."""

from collections.abc import Callable

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode

from kernelmark.records import SubmissionResult
from kernelmark.referee import grading
from tests.small_course import notebook_of


@pytest.fixture
def told(tmp_path) -> Callable[..., SubmissionResult]:
    """Return a function that grades the course's own cells, those named with other text, and gives the result."""

    def graded(*cells: NotebookNode, **changed: str) -> SubmissionResult:
        source, submitted = tmp_path / "source.ipynb", tmp_path / "submitted.ipynb"
        nbformat.write(notebook_of(*cells), source)
        own = nbformat.read(source, as_version=4)
        for cell in own.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            cell.source = changed.get(name, cell.source)
        nbformat.write(own, submitted)
        return grading.grade(source, submitted)

    return graded
