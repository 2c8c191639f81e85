"""The instructor's notebooks by the name of their assignment, with what the course says of them.

It finds and reads; what is done with a notebook is said in the other rooms.
"""

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.coursedir import CourseDirectory

from kernelmark.authoring.sources import Here
from kernelmark.course.settings import Kernelmark
from kernelmark.notebook import intake
from kernelmark.notebook.cells import Plan
from kernelmark.notebook.conform import DEMONSTRATION, Course, read_submission
from kernelmark.referee.grading import read_source
from kernelmark.sandbox.limits import Limits


@dataclass(frozen=True)
class OwnNotebook:
    """One instructor's notebook.

    Attributes:
        path: where it lies.
        here: the course that it is of.
    """

    path: Path
    here: Here

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
        return Course(read_source(self.path, self.here.config), self.here.config)

    @cached_property
    def files(self) -> dict[str, str]:
        """What lies beside it, {name: path}."""
        most = Kernelmark(config=self.here.config).course_file_limit
        return intake.own_files(self.path.parent, most, CourseDirectory(config=self.here.config).ignore)[0]

    @cached_property
    def limits(self) -> Limits:
        """The limits of a submission in this course, and what the notebook asks for itself."""
        limits = self.here.limits
        return dataclasses.replace(limits, children=limits.children or self.course.allows_children)

    @cached_property
    def files_sha256(self) -> str:
        """A hash of the names and contents of what lies beside it."""
        digest = hashlib.sha256()
        for name, place in self.files.items():
            digest.update(name.encode(errors="surrogateescape") + b"\0")
            intake.add_to_digest(digest, Path(place))
        return digest.hexdigest()

    @cached_property
    def sha256(self) -> str:
        """A hash of the notebook as read, and of what lies beside it."""
        return hashlib.sha256(f"{nbformat.writes(self.course.source)}{self.files_sha256}".encode()).hexdigest()

    @cached_property
    def own_plan(self) -> Plan:
        """The plan for grading its own solution, without cells that are there to be tried only."""
        own: NotebookNode = nbformat.reads(nbformat.writes(self.course.source), as_version=4)
        own.cells = [cell for cell in own.cells if DEMONSTRATION not in (cell.metadata.get("tags") or ())]
        return self.plan(own)

    def plan(self, notebook: NotebookNode) -> Plan:
        """Return the plan for grading a notebook as a submission."""
        return self.course.plan(*read_submission(nbformat.writes(notebook).encode()))[1]


def find(name: str, root: Path | None = None) -> list[OwnNotebook]:
    """Return the notebooks of an assignment of a course (the one at hand by default), or the one that a path names.

    Raises:
        CourseError: there is none; the message lists the assignments that are there.
    """
    here = Here.of(root or Path())
    return [OwnNotebook(path.absolute(), here) for path in here.find(name)]


def every() -> list[OwnNotebook]:
    """Return all notebooks of the course at hand, by name.

    Raises:
        CourseError: there is none.
    """
    here = Here.of(Path())
    return [OwnNotebook(path.absolute(), here) for path in here.all()]
