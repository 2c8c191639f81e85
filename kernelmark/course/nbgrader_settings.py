"""nbgrader's settings whose work Kernelmark took over: which of them hold, and what is said of those that do not.

The tables are data; a test walks every setting of nbgrader's classes and fails at one that stands in no table. `told`
names what nbgrader_config.py sets and nobody reads, a line each. It changes nothing and stops nothing.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader import converters, plugins, preprocessors
from nbgrader.apps.baseapp import NbGrader
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import DeferredConfig, LazyConfigValue

from kernelmark.text import visible

CLASSES: dict[str, Any] = {
    name: getattr(room, name)
    for room, names in (
        (preprocessors, [name for name in preprocessors.__all__ if name != "NbGraderPreprocessor"]),
        (converters, ["Autograde", "GenerateAssignment", "GenerateFeedback"]),
        (plugins, ["LateSubmissionPlugin"]),
    )
    for name in names
} | {"CourseDirectory": CourseDirectory, "NbGrader": NbGrader, "ClearMetadataPreprocessor": ClearMetadataPreprocessor}

# Read where work is graded, by both commands.
HONOURED = {
    "AssignLatePenalties": "enabled plugin_class",
    "Autograde": "autograde_preprocessors create_student exclude_overwriting exporter_class force permissions "
    "post_convert_hook pre_convert_hook sanitize_preprocessors",
    "CheckCellMetadata": "enabled",
    "ClearHiddenTests": "begin_test_delimeter end_test_delimeter",
    "ClearMarkScheme": "begin_mark_scheme_delimeter check_attachment_leakage enabled end_mark_scheme_delimeter "
    "enforce_metadata",
    "ClearOutput": "enabled remove_metadata_fields",
    "ClearSolutions": "begin_solution_delimeter code_stub enabled end_solution_delimeter enforce_metadata text_stub",
    "ComputeChecksums": "enabled",
    "CourseDirectory": "assignment_id autograded_directory course_id db_url directory_structure feedback_directory "
    "groupshared ignore notebook_id root source_directory student_id student_id_exclude submitted_directory",
    "Execute": "timeout",
    "GenerateAssignment": "preprocessors",
    "GenerateFeedback": "exporter_class preprocessors",
    "IgnorePattern": "enabled pattern",
    "IncludeHeaderFooter": "enabled footer header",
    "InstantiateTests": "autotest_delimiter autotest_filename comment_strs enabled enforce_metadata hashed_delimiter "
    "sanitizers use_salt",
    "LateSubmissionPlugin": "penalty_method",
    "LimitOutput": "enabled max_lines max_traceback",
    "NbGrader": "log_level logfile",
    "OverwriteCells": "missing_cell_notification",
}
# Of steps that nbgrader itself still does: the release, feedback, the exchange, its own programs.
NBGRADERS_OWN = {
    "ClearHiddenTests": "enabled enforce_metadata",
    "CourseDirectory": "include max_dir_size max_file_size release_directory solution_directory "
    "source_with_tests_directory",
    "GenerateAssignment": "create_assignment exporter_class force no_database permissions post_convert_hook "
    "pre_convert_hook",
    "GenerateFeedback": "force permissions post_convert_hook pre_convert_hook",
    "GetGrades": "display_data_priority enabled",
    "LockCells": "enabled lock_all_cells lock_grade_cells lock_readonly_cells lock_solution_cells",
    "NbGrader": "answer_yes config_file config_file_name generate_config log_datefmt log_format logging_config "
    "show_config show_config_json",
    "SaveCells": "enabled",
}
# In kilobytes; what an exchange collects beyond this is left out when it is graded (`intake.MAX_BYTES`).
MAX_READ_KB = 100_000


class Refused(NamedTuple):
    """Settings of one class that nobody reads, why, and what to do; nothing is said of a value in `same`."""

    names: str
    why: str
    same: tuple[Any, ...] = ()


_ALWAYS = "Kernelmark always does this work; take the line out"
_NO_KERNEL = "cells run in a sandbox and in no Jupyter kernel; take the line out"
_ENDED = "a cell beyond its time is ended, and its student is told of which limit; take the line out"
_GOES_ON = "after a cell that fails the next ones run, and tests say what it costs; take the line out"
REFUSED = {
    "ClearMetadataPreprocessor": [
        Refused(
            "clear_cell_metadata clear_notebook_metadata default_language display_data_priority enabled "
            "preserve_cell_metadata_mask preserve_nb_metadata_mask",
            "metadata of a graded notebook are nbgrader's and Kernelmark's own, and the next run needs them; take the "
            "line out",
            (False,),
        )
    ],
    "DeduplicateIds": [Refused("enabled", _ALWAYS, (True,))],
    "Execute": [
        Refused(
            "extra_arguments iopub_timeout ipython_hist_file kernel_manager_class on_cell_complete on_cell_error "
            "on_cell_execute on_cell_start on_notebook_complete on_notebook_error on_notebook_start "
            "raise_on_iopub_timeout record_timing shell_timeout_interval shutdown_kernel startup_timeout "
            "store_widget_state",
            _NO_KERNEL,
        ),
        Refused(
            "kernel_name", "submissions run in the Python that grades, and no notebook chooses another; " + _ALWAYS
        ),
        Refused("error_on_timeout interrupt_on_timeout", _ENDED),
        Refused("timeout_func", "one limit holds for every cell; set c.Kernelmark.cell_timeout_s"),
        Refused(
            "execute_retries", "a notebook is run once, and only a lost process is started again; take the line out"
        ),
        Refused("allow_error_names force_raise_errors", _GOES_ON, (False, [])),
        Refused(
            "skip_cells_with_tag",
            "cells run whatever their tags; tag a cell of yours that only shows something 'demonstration'",
            ("skip-execution",),
        ),
        Refused("enabled", _ALWAYS, (True,)),
    ],
    "OverwriteCells": [
        Refused("add_missing_cells", "a cell that a submission lacks is always put back; take the line out", (True,)),
        Refused("enabled", _ALWAYS, (True,)),
    ],
    "OverwriteKernelspec": [Refused("enabled", _ALWAYS, (True,))],
    "SaveAutoGrades": [Refused("enabled", _ALWAYS, (True,))],
}


def given(config: Config, cls: Any, name: str) -> tuple[str, Any] | None:
    """Return where a configuration sets a trait of a class, the class itself or one above it, and to what; or None."""
    found = None
    for section in cls.section_names():
        values = config.get(section, {})
        if name in values:
            value, trait = values[name], cls.class_traits()[name]
            if isinstance(value, DeferredConfig):
                value = value.get_value(trait)
            elif isinstance(value, LazyConfigValue):
                value = value.get_value(trait.default())
            found = section, value
    return found


def told(config: Config) -> list[str]:
    """Return what a configuration sets and nobody reads, a line each: what came, why not, what to do."""
    return list(dict.fromkeys([*_refused(config), *_bounds(config), *_seams(config)]))


def _refused(config: Config) -> Iterator[str]:
    for name, rows in REFUSED.items():
        for row in rows:
            for trait in row.names.split():
                found = given(config, CLASSES[name], trait)
                if found is not None and found[1] not in row.same:
                    yield _line(found[0], trait, found[1], row.why)


def _bounds(config: Config) -> Iterator[str]:
    """Tell of values that cannot hold as they are."""
    timeout = given(config, CLASSES["Execute"], "timeout")
    own = config.get("Kernelmark", {}).get("cell_timeout_s")
    if timeout is not None and seconds(timeout[1]) is None:
        why = "every cell has a limit, in seconds; set c.Kernelmark.cell_timeout_s"
        yield _line(timeout[0], "timeout", timeout[1], why)
    elif timeout is not None and own is not None and own != timeout[1]:
        why = f"c.Kernelmark.cell_timeout_s = {own} comes first; keep one of the two"
        yield _line(timeout[0], "timeout", timeout[1], why)
    for name in ("max_dir_size", "max_file_size"):
        size = given(config, CourseDirectory, name)
        if size is not None and size[1] > MAX_READ_KB:
            why = f"of a submission {MAX_READ_KB} kB are read whatever the exchange collects; ask for less"
            yield _line(size[0], name, size[1], why)


def seconds(timeout: Any) -> float | None:
    """Return nbgrader's timeout of a cell in seconds, None where it means that there is none."""
    known = isinstance(timeout, int | float) and not isinstance(timeout, bool) and timeout > 0
    return float(timeout) if known else None


def _seams(config: Config) -> Iterator[str]:
    """Tell of releases and feedback that are made without Kernelmark's steps."""
    for name, trait, needed, loss in (
        ("GenerateAssignment", "preprocessors", "release.CheckRelease", "a slip in a marker publishes what it hides"),
        ("GenerateFeedback", "preprocessors", "autograde.StudentView", "feedback shows hidden tests"),
    ):
        found = given(config, CLASSES[name], trait)
        paths = {path for step in (found[1] if found else ()) for path in paths_of(step)}
        if f"kernelmark.course.{needed}" not in paths:
            place = found[0] if found else name
            yield (
                f"c.{place}.{trait} lacks {needed.partition('.')[2]}: {loss}; take the line of Kernelmark's own "
                "nbgrader_config.py"
            )


def paths_of(step: Any) -> set[str]:
    """Return the dotted names of a step's class and those above it, however a configuration names the step."""
    if isinstance(step, str):
        return {step}
    kind = step if isinstance(step, type) else type(step)
    return {f"{each.__module__}.{each.__qualname__}" for each in kind.__mro__}


def _line(section: str, name: str, value: Any, why: str) -> str:
    return visible(f"c.{section}.{name} = {repr(value)[:80]} is not read: {why}", lines=False)
