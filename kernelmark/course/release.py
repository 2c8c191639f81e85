"""What is looked at before `nbgrader generate_assignment` makes a release: nothing hidden may go out by accident.

A step among nbgrader's own, which stay as they are. What it refuses stops the command in one line, and nothing
of the assignment is left in release/. It changes no notebook.
"""

import shutil
from collections.abc import Sequence
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearOutput, IncludeHeaderFooter, NbGraderPreprocessor

from kernelmark.errors import CourseError
from kernelmark.notebook import markers


class CheckRelease(NbGraderPreprocessor):
    """Stops at a marker with a slip in it, at pairs that do not match, at pictures and outputs that would go out."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Return the notebook as it is.

        Raises:
            SystemExit: it may not be released; the message names notebook, cell and line.
        """
        place = resources["nbgrader"]
        converter = self.parent.parent
        try:
            markers.check(nb, markers.Markers.of(self.config))
            if ClearOutput not in converter.preprocessors:
                _check_outputs(nb)
        except CourseError as error:
            # As nbgrader does with what failed; the next run would take what is left for a release.
            shutil.rmtree(converter._format_dest(place["assignment"], place["student"]), ignore_errors=True)
            raise SystemExit(
                f"nbgrader generate_assignment stopped: {place['assignment']}/{place['notebook']}.ipynb: {error}"
            ) from None
        return nb, resources


def with_check(steps: Sequence[Any] | None = None) -> list[Any]:
    """Return the steps of a release, nbgrader's own where none are given, with the check among them.

    It stands where header and footer are in, which hold markers too.
    """
    given: list[Any] = list(GenerateAssignment.class_traits()["preprocessors"].default() if steps is None else steps)
    if CheckRelease in given:
        return given
    at = given.index(IncludeHeaderFooter) + 1 if IncludeHeaderFooter in given else 0
    return [*given[:at], CheckRelease, *given[at:]]


def _check_outputs(nb: NotebookNode) -> None:
    for number, cell in enumerate(nb.cells, 1):
        if cell.get("outputs") and cell.metadata.get("nbgrader", {}).get("grade_id"):
            name = cell.metadata.nbgrader.grade_id or f"cell {number}"
            raise CourseError(
                f"{name}, line 1: its outputs would be released; clear them, or keep nbgrader's ClearOutput"
            )
