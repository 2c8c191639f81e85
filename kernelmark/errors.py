"""The exceptions of Kernelmark, split by whose fault it is.

    KernelmarkError
    ├── SubmissionError     the student's code; shown to the student, costs points
    │   ├── SubmissionLost  its process is gone or had to be killed
    │   └── UnreadError     a file is there and was not read; a person looks
    ├── CourseError         the instructor's notebook; shown to staff, nobody is marked
    └── GraderError         us or the machine; shown to staff, nobody is marked
        ├── GraderMissing     what grades is not installed, or the system is not Linux
        ├── SandboxError      no sandbox: refuse to run, never run bare
        ├── StorageError      the disk or the grade book takes nothing: stop, and go on later
        ├── ClusterError      nobody is there to grade: stop, and go on later
        └── MeasurementError  too noisy, implausible, wrong machine

It does not hold verdicts: "too slow" is an `AssertionError` of a test cell, and
"inconclusive" is a result, not an error.
"""

import contextlib
import importlib.util
import sys
from collections.abc import Iterator


class KernelmarkError(Exception):
    """Anything that Kernelmark raises on purpose."""


class SubmissionError(KernelmarkError):
    """The submitted code broke a rule or a promise; the test that needed it fails."""


class SubmissionLost(SubmissionError):
    """The process of the submitted code ended or was killed; it can be started again."""


class UnreadError(SubmissionError):
    """A file of what was handed in is there and was not read: a link, no plain file, too large, not allowed."""


class CourseError(KernelmarkError):
    """The instructor's notebook is at fault; the cell needs a person."""


class GraderError(KernelmarkError):
    """The grader or its machine is at fault; the cell needs a person."""


class GraderMissing(GraderError):
    """What grades is not installed here, or cannot be; the message says what to do."""


class SandboxError(GraderError):
    """Submitted code cannot be contained on this machine, so it is not run."""


class StorageError(GraderError):
    """A file or the grade book cannot be written; the message says what to do."""


class ClusterError(GraderError):
    """The machines that grade cannot be reached; the message says what to do."""


class MeasurementError(GraderError):
    """A measurement cannot be trusted."""


@contextlib.contextmanager
def needs_grader(what: str) -> Iterator[None]:
    """Say what to do where nbgrader is not installed, or the block finds no module to import that the grader needs.

    Raises:
        GraderMissing: a package is not installed, or Python has no such module on this system.
    """
    try:
        if importlib.util.find_spec("nbgrader") is None:
            raise ModuleNotFoundError("No module named 'nbgrader'", name="nbgrader")
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "kernelmark":
            raise
        if package in sys.stdlib_module_names:
            raise GraderMissing(f"{what} needs Linux, where submissions can be contained ({error})") from error
        where = "" if sys.platform == "linux" else ", which grades on Linux only"
        raise GraderMissing(f"{what} needs the grader{where}: pip install 'kernelmark[grader]' ({error})") from error
