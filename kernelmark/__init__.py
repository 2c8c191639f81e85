"""Kernelmark: a course on compute kernels and the grader under it.

This file imports nothing until it is asked: the sandbox loads it too. Instructors write
`from kernelmark.checks import close, faster`; notebooks work with `kernelmark.lab`; other
programs call `kernelmark.grade(source, submitted)`, and an nbgrader_config.py `kernelmark.use(c)`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from traitlets.config import Config

    from kernelmark.records import SubmissionResult

__version__ = "0.1.0"


def grade(
    source_notebook: "str | os.PathLike[str]", submitted_notebook: "str | os.PathLike[str]"
) -> "SubmissionResult":
    """Grade one notebook: no course folder, no grade book, nothing written.

    Args:
        source_notebook: path of the instructor's notebook; files beside it are the course's.
        submitted_notebook: path of what was handed in; files beside it are the student's.

    Raises:
        CourseError: the instructor's notebook cannot be graded.
        SandboxError: submissions cannot be contained on this machine.
        GraderMissing: the extra `grader` is not installed.
    """
    from pathlib import Path

    from kernelmark.errors import needs_grader

    with needs_grader("kernelmark.grade()"):
        from kernelmark.referee.grading import grade as grade_notebook

    return grade_notebook(Path(source_notebook), Path(submitted_notebook))


def use(c: "Config") -> None:
    """Have nbgrader grade by Kernelmark: the one line of a course's nbgrader_config.py, at its end.

    Args:
        c: what `get_config()` returns there. Every setting in it stays.

    Raises:
        SystemExit: the extra `grader` is not installed. nbgrader shrugs off any other error in its configuration, and
            would grade without any of this, bare.
    """
    try:
        from kernelmark.course.seam import use as use_it
    except ImportError as error:
        raise SystemExit(
            f"nbgrader_config.py needs Kernelmark with its grader in this Python, and its import failed ({error}). "
            "In a clone of the course: run `make setup`, then `source .venv/bin/activate`, then this command again; "
            "elsewhere: pip install 'kernelmark[grader]'."
        ) from error

    use_it(c)
