"""What is looked at before a release: nothing hidden may go out by accident, and no notebook that would mark wrongly.

A step among nbgrader's own for `nbgrader generate_assignment`, and nbgrader's own exchange with a look at the source
first for `nbgrader release_assignment`. What they refuse stops the command, a line for each error, and nothing of the
assignment is left in release/. They change no notebook.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.exchange.default import ExchangeReleaseAssignment
from nbgrader.preprocessors import ClearOutput, IncludeHeaderFooter, NbGraderPreprocessor
from traitlets.config import Config

from kernelmark.course.settings import Kernelmark
from kernelmark.errors import CourseError
from kernelmark.notebook import markers
from kernelmark.notebook.findings import errors, findings
from kernelmark.referee.grading import between
from kernelmark.text import visible

ALL_THE_SAME = "--Kernelmark.validate=False goes on all the same"


class CheckRelease(NbGraderPreprocessor):
    """Stops at what would publish something hidden, mark wrongly, or send a class to a person."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Return the notebook as it is.

        Raises:
            SystemExit: it may not be released; the message names notebook and cell of each error.
        """
        place = resources["nbgrader"]
        converter = self.parent.parent
        folder = Path(converter._format_source(place["assignment"], place["student"]))
        name = f"{place['assignment']}/{place['notebook']}.ipynb"
        found = [f"{name}: {said}" for said in _refused(nb, folder, self.config)]
        if ClearOutput not in converter.preprocessors:
            found += [f"{name}: {said}" for said in _outputs(nb)]
        if found:
            # As nbgrader does with what failed; the next run would take what is left for a release.
            shutil.rmtree(converter._format_dest(place["assignment"], place["student"]), ignore_errors=True)
            raise SystemExit(_stopped("nbgrader generate_assignment", place["assignment"], found))
        return nb, resources


class CheckedRelease(ExchangeReleaseAssignment):
    """nbgrader's own way to the exchange, with a look at the source first."""

    def init_src(self) -> None:
        """Find what is released, as nbgrader does.

        Raises:
            SystemExit: the source may not be released; the message names notebook and cell of each error.
        """
        super().init_src()
        name = self.coursedir.assignment_id
        folder = Path(self.coursedir.format_path(self.coursedir.source_directory, ".", name))
        found = []
        for path in sorted(folder.glob("*.ipynb")):
            try:
                notebook = between(nbformat.read(path, as_version=4), self.config)
            except (OSError, ValueError, CourseError) as error:
                found.append(f"{name}/{path.name}: it cannot be read: {str(error)[:200]}")
                continue
            found += [f"{name}/{path.name}: {said}" for said in _refused(notebook, folder, self.config)]
        if found:
            raise SystemExit(_stopped("nbgrader release_assignment", name, found))


def with_check(steps: Sequence[Any] | None = None) -> list[Any]:
    """Return the steps of a release, nbgrader's own where none are given, with the check among them.

    It stands where header and footer are in, which hold markers too.
    """
    given: list[Any] = list(GenerateAssignment.class_traits()["preprocessors"].default() if steps is None else steps)
    if CheckRelease in given:
        return given
    at = given.index(IncludeHeaderFooter) + 1 if IncludeHeaderFooter in given else 0
    return [*given[:at], CheckRelease, *given[at:]]


def _refused(notebook: NotebookNode, folder: Path, config: Config) -> Iterator[str]:
    """Yield the errors of a notebook; with c.Kernelmark.validate = False, no more than what would publish something."""
    if Kernelmark(config=config).validate:
        for each in errors(findings(notebook, folder, config)):
            yield visible(f"{each.cell}: {each.what}; {each.remedy}".replace("\n", " "), lines=False)
    else:
        for cell, line, fault in markers.faults(notebook, markers.Markers.of(config)):
            yield f"{cell}: line {line}: {fault}"


def _stopped(command: str, assignment: str, found: Sequence[str]) -> str:
    many = "an error" if len(found) == 1 else f"{len(found)} errors"
    return "\n".join(
        [f"{command} stopped at {many}; `kernelmark validate {assignment}` says more, {ALL_THE_SAME}", *found]
    )


def _outputs(nb: NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(nb.cells, 1):
        if cell.get("outputs") and cell.metadata.get("nbgrader", {}).get("grade_id"):
            name = cell.metadata.nbgrader.grade_id or f"cell {number}"
            yield f"{name}: its outputs would be released; clear them, or keep nbgrader's ClearOutput"
