"""All that can be found in an instructor's notebook without running it: what `kernelmark validate --static` says.

`nbgrader generate_assignment` asks it before a release. Each rule stands in one of the rooms below; here they are asked
in turn. It runs nothing, and changes nothing.
"""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from nbformat.notebooknode import NotebookNode
from traitlets.config import Config

from kernelmark.errors import CourseError
from kernelmark.notebook import asserting, covered, marked_cells, speed_lines, undefined, unfit
from kernelmark.notebook.cells import AUTOTEST, bound_names
from kernelmark.notebook.conform import Course
from kernelmark.notebook.finding import Finding, Look, looked_at
from kernelmark.notebook.markers import Markers


def findings(notebook: NotebookNode, folder: Path | None = None, config: Config | None = None) -> list[Finding]:
    """Return what is wrong or doubtful in an instructor's notebook, in the order of its cells.

    Args:
        folder: where it lies; None where files beside it are not to be looked for.
        config: the course's; nbgrader's markers are read from it.
    """
    config = Config(config or {})
    markers = Markers.of(config)
    delimiter = str(config.InstantiateTests.get("autotest_delimiter", AUTOTEST))
    looks = looked_at(notebook, markers.hidden, delimiter)
    found = list(dict.fromkeys(_all(notebook, looks, markers, folder)))
    if not any(each.severity == "error" for each in found) and not any(look.autotest for look in looks):
        found += _refused(notebook, config)
    places = {look.name: look.number for look in looks}
    return sorted(found, key=lambda each: places.get(each.cell, 0))


def errors(found: Sequence[Finding]) -> list[Finding]:
    """Return those that a release stops at."""
    return [each for each in found if each.severity == "error"]


def _all(notebook: NotebookNode, looks: Sequence[Look], markers: Markers, folder: Path | None) -> Iterator[Finding]:
    yield from marked_cells.of_marks(notebook, looks, markers)
    yield from undefined.of_names(looks, markers.hidden)
    yield from _of_each_test(looks)
    yield from covered.of_solutions(looks, markers)
    yield from covered.of_tests(looks)
    yield from covered.of_contracts(notebook, looks)
    if folder is not None:
        yield from unfit.of_files(looks, folder)


def _of_each_test(looks: Sequence[Look]) -> Iterator[Finding]:
    helpers = asserting.asserting_helpers(looks)
    solved = {name for look in looks if look.solution and look.code for name in bound_names(look.source)}
    others = {name for look in looks if look.code and not look.solution for name in bound_names(look.source)}
    functions = {
        node.name
        for look in looks
        for node in look.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    seeded = False
    for look in looks:
        if look.is_test:
            yield from asserting.of_test(look, helpers, functions)
            yield from speed_lines.of_speed(look, solved, others)
            yield from unfit.of_words(look)
            yield from unfit.of_chance(look, seeded=seeded)
            yield from unfit.of_hidden(look)
        elif look.code:
            seeded = seeded or unfit.seeds(look)


def _refused(notebook: NotebookNode, config: Config) -> Iterator[Finding]:
    """Yield why the grader would not take the notebook, where no rule has said so."""
    try:
        Course(notebook, config)
    except CourseError as error:
        yield Finding("error", "refused", "notebook", str(error), "the grader would not take it so; mend it first")
