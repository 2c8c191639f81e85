"""The instructor's notebooks by the name of their assignment, with what the course says of them.

It finds and reads; what is done with a notebook is said in the other rooms.
"""

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from kernelmark.course.folder import open_course
from kernelmark.course.settings import Kernelmark
from kernelmark.errors import CourseError
from kernelmark.notebook import intake
from kernelmark.notebook.cells import Plan
from kernelmark.notebook.conform import Course, read_submission
from kernelmark.referee.grading import read_source
from kernelmark.sandbox.limits import Limits


@dataclass(frozen=True)
class Assignment:
    """One instructor's notebook.

    Attributes:
        path: where it lies.
        config: the course's configuration.
    """

    path: Path
    config: Any

    @property
    def name(self) -> str:
        """Its assignment's name, and its own where the assignment has several."""
        several = len(list(self.path.parent.glob("*.ipynb"))) > 1
        return f"{self.path.parent.name}/{self.path.stem}" if several else self.path.parent.name

    @cached_property
    def course(self) -> Course:
        """The notebook as graders read it.

        Raises:
            CourseError: it cannot be graded.
        """
        return Course(read_source(self.path, self.config), self.config)

    @cached_property
    def files(self) -> dict[str, str]:
        """What lies beside it, {name: path}."""
        settings = Kernelmark(config=self.config)
        ignore = open_course().coursedir.ignore
        return intake.own_files(self.path.parent, settings.course_file_limit, ignore)[0]

    @cached_property
    def limits(self) -> Limits:
        """The limits of a submission in this course, and what the notebook asks for itself."""
        limits = Kernelmark(config=self.config).limits()
        return dataclasses.replace(limits, children=limits.children or self.course.allows_children)

    @cached_property
    def sha256(self) -> str:
        """The hash of the notebook as read."""
        return hashlib.sha256(nbformat.writes(self.course.source).encode()).hexdigest()

    def plan(self, notebook: NotebookNode) -> Plan:
        """Return the plan for grading a notebook as a submission."""
        return self.course.plan(*read_submission(nbformat.writes(notebook).encode()))[1]


def find(name: str) -> list[Assignment]:
    """Return the notebooks of an assignment of the course at hand, or the one that a path names.

    Raises:
        CourseError: there is none; the message lists the assignments that are there.
    """
    app = open_course()
    path = Path(name)
    if path.suffix == ".ipynb":
        if not path.is_file():
            raise CourseError(f"{name}: expected an instructor's notebook, and there is no such file")
        return [Assignment(path.absolute(), app.config)]
    known = {each.path.parent.name: each for each in every()}
    found = [each for each in every() if each.path.parent.name == name]
    if not found:
        here = ", ".join(sorted(known)) or "none"
        raise CourseError(f"no assignment {name!r} with a notebook in {_source(app)}; there are: {here}")
    return found


def every() -> list[Assignment]:
    """Return all notebooks of the course at hand, by name."""
    app = open_course()
    return [Assignment(path, app.config) for path in sorted(_source(app).glob("*/*.ipynb"))]


def _source(app: Any) -> Path:
    return Path(app.coursedir.root, Kernelmark(config=app.config).source_directory)
