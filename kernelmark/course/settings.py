"""What an instructor can set in nbgrader_config.py: c.Kernelmark.name = value.

Each limit of a submission is a setting, with its meaning and unit. It keeps no limit;
`sandbox` and `links` do.
"""

import os
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from traitlets import Bool, Enum, Float, Integer, Unicode, default
from traitlets.config import Configurable

from kernelmark.course.nbgrader_settings import given, seconds
from kernelmark.errors import CourseError
from kernelmark.notebook.intake import MAX_OWN, MAX_SHOWN
from kernelmark.sandbox.limits import Limits


def _limit(field: str, meaning: str) -> Any:
    """Return a setting that fills a field of `Limits`, with its default."""
    default: float = getattr(Limits, field)
    make: Any = Integer if isinstance(default, int) else Float
    return make(default, min=0, help=meaning).tag(config=True, limit=field)


class Kernelmark(Configurable):
    """What an instructor can set in nbgrader_config.py, as c.Kernelmark.name = value.

    The limits hold for a submission, whatever it holds; a breach is named to its student and to staff by the
    setting's name. docs/threat-model.md says how each is kept.
    """

    source_directory = Unicode(
        help="Where the instructor's notebooks lie, below the course; by itself where c.CourseDirectory has them."
    ).tag(config=True)
    memory_limit_bytes = _limit(
        "memory_bytes", "Bytes of memory of all processes of a submission and of the files in its scratch folders."
    )
    cell_timeout_s = _limit("cell_s", "Seconds for one cell, or one call from a test.")
    notebook_timeout_s = _limit("notebook_s", "Seconds for all cells and calls of a notebook together.")
    cpu_limit_s = _limit("cpu_s", "Seconds of CPU time for a notebook, all threads, processes and restarts together.")
    process_limit = _limit("processes", "Processes and threads of a submission at once.")
    open_file_limit = _limit("open_files", "Open files of each process of a submission.")
    file_limit_bytes = _limit("file_bytes", "Bytes of the largest file that a submission may write.")
    scratch_limit_bytes = _limit(
        "scratch_bytes", "Bytes of all files in each of the scratch folders /tmp, /dev/shm and home; there is no other."
    )
    cell_output_limit_chars = _limit("cell_output_chars", "Characters that one cell may print; the rest is cut.")
    cell_display_limit_bytes = _limit("cell_display_bytes", "Bytes of plots and other displays of one cell.")
    notebook_output_limit_bytes = _limit("notebook_output_bytes", "Bytes of all outputs of a notebook together.")
    restart_limit = _limit("restarts", "How often the process of a submission is started again after it was lost.")
    blas_threads = _limit("threads", "BLAS, OpenMP and Numba threads, on both sides of a race.")
    allow_child_processes = Bool(
        Limits.children,
        help="Let submissions start processes, whose CPU time is not all counted; better said in one notebook's "
        "metadata.",
    ).tag(config=True, limit="children")
    course_file_limit = Integer(
        MAX_OWN,
        min=0,
        help="Files and folders beside an instructor's notebook that are shown to it; `doctor` names others.",
    ).tag(config=True)
    submitted_file_limit = Integer(
        MAX_SHOWN, min=0, help="Files and folders beside a submitted notebook that are shown to it."
    ).tag(config=True)
    grade_book_wait_s = Float(30.0, help="Seconds to wait for a grade book that another program has locked.").tag(
        config=True
    )
    tests_beside_submissions = Enum(
        ["person", "allow"],
        "person",
        help="What becomes of a test that cannot be judged apart from submitted code, as the course's own solution "
        "shows: a person marks it, or (allow) it runs beside the submission, where its marks could be forged.",
    ).tag(config=True)
    validate = Bool(
        True,
        help="Whether a release stops at what `kernelmark validate --static` calls an error; a marker with a slip in "
        "it stops it in any case.",
    ).tag(config=True)
    run_submissions_uncontained = Bool(
        False,
        help="Run submissions WITHOUT a sandbox: they can then read and change everything that you can.",
    ).tag(config=True)

    @default("source_directory")
    def _source_of_the_course(self) -> str:
        return source_directory(CourseDirectory(config=self.config))

    @default("cell_timeout_s")
    def _timeout_of_nbgrader(self) -> float:
        found = given(self.config, Execute, "timeout")
        return (seconds(found[1]) if found else None) or Limits.cell_s

    def limits(self) -> Limits:
        """Return the limits that these settings ask for."""
        fields = {field: getattr(self, name) for name, field in limit_settings().items()}
        beside = self.tests_beside_submissions == "allow"
        return Limits(**fields, contained=not self.run_submissions_uncontained, beside=beside)


def source_directory(course: CourseDirectory) -> str:
    """Return the folder of nbgrader's settings that holds a folder for each assignment, as seen from the course's.

    Raises:
        CourseError: no one folder does.
    """
    places = [
        os.path.normpath(course.format_path(course.source_directory, ".", name)) for name in ("some", "assignments")
    ]
    above = {Path(place).parent for place in places}
    if len(above) > 1 or [Path(place).name for place in places] != ["some", "assignments"]:
        raise CourseError(
            f"c.CourseDirectory.directory_structure = {course.directory_structure!r} puts the source of assignment A "
            f"in {course.format_path(course.source_directory, '.', 'A')}; expected a folder that ends in /A; write "
            "{assignment_id} after {nbgrader_step}"
        )
    return os.path.relpath(above.pop(), course.root)


def limit_settings() -> dict[str, str]:
    """Return the settings that are limits of a submission, {setting: field of `Limits`}."""
    traits = Kernelmark.class_traits()
    return {name: trait.metadata["limit"] for name, trait in traits.items() if "limit" in trait.metadata}
