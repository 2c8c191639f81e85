"""The one seam between nbgrader and Kernelmark: what a course's nbgrader_config.py asks for by `kernelmark.use(c)`.

It keeps every setting that is there: steps of the course's own stay in the lists, before or after Kernelmark's, and of
nbgrader's own steps only those go whose work the referee does. It grades nothing.
"""

from typing import Any

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.converters import Autograde
from nbgrader.preprocessors import CheckCellMetadata, GetGrades, IgnorePattern, LimitOutput
from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

from kernelmark.course.autograde import Conform, Grade, SaveGrades, StudentView, SubmissionExporter
from kernelmark.course.places import find_by_name
from kernelmark.course.release import CheckedRelease, with_check
from kernelmark.course.sheet import GradeSheet
from kernelmark.course.validated import in_sentences
from kernelmark.notebook.markup import FeedbackPage, SafePage, cell2html, clean


def use(c: Config) -> None:
    """Have nbgrader grade, release and report by Kernelmark, in a configuration that may hold anything else.

    Args:
        c: what `get_config()` returns in nbgrader_config.py.
    """
    # Brackets in a course's path are no pattern, and a folder without a notebook is a submission too.
    find_by_name()
    in_sentences()
    # What would publish something hidden, mark wrongly, or send a class to a person: the release stops there.
    c.GenerateAssignment.preprocessors = with_check(_said(c, "GenerateAssignment", "preprocessors", None))
    c.ExchangeFactory.setdefault("release_assignment", CheckedRelease)
    # The referee in the place of OverwriteCells, DeduplicateIds, Execute, SaveAutoGrades and AssignLatePenalties.
    c.Autograde.setdefault("exporter_class", SubmissionExporter)
    before, after = (_own(c, name) for name in ("sanitize_preprocessors", "autograde_preprocessors"))
    c.Autograde.sanitize_preprocessors = [*before, Conform, CheckCellMetadata]
    c.Autograde.autograde_preprocessors = [Grade, *after, IgnorePattern, LimitOutput, SaveGrades, CheckCellMetadata]
    # Feedback shows no hidden test; nothing a student wrote runs, or loads anything, in a reader's browser.
    c.GenerateFeedback.setdefault("preprocessors", [GetGrades, CSSHTMLHeaderPreprocessor, StudentView])
    c.GenerateFeedback.setdefault("exporter_class", FeedbackPage)
    c.HTMLExporter.preprocessors = [*_said(c, "HTMLExporter", "preprocessors", []), SafePage]
    filters = {"markdown2html": cell2html, "clean_html": clean}
    c.HTMLExporter.filters = {**_said(c, "HTMLExporter", "filters", {}), **filters}
    c.HTMLExporter.sanitize_html = True
    c.ExportApp.setdefault("plugin_class", GradeSheet)


def _own(c: Config, name: str) -> list[Any]:
    """Return the steps of a list of c.Autograde that are neither nbgrader's own nor Kernelmark's."""
    stock = Autograde.class_traits()[name].default()
    known = {
        _name(step) for step in (*stock, Conform, Grade, SaveGrades, CheckCellMetadata, LimitOutput, IgnorePattern)
    }
    return [step for step in _said(c, "Autograde", name, stock) if _name(step) not in known]


def _said(c: Config, section: str, name: str, default: Any) -> Any:
    """Return what a configuration says of a setting; where it only adds to the default (`append`), both together."""
    value = c[section].get(name, default)
    return value.get_value(default) if isinstance(value, LazyConfigValue) else value


def _name(step: Any) -> str:
    """Return the name of a step's class, however a configuration says it."""
    kind = step if isinstance(step, type | str) else type(step)
    return kind.rpartition(".")[2] if isinstance(kind, str) else kind.__name__
