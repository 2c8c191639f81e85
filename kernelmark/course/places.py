"""Where nbgrader looks for what it converts: names are names, and a folder counts though nothing in it ends in .ipynb.

nbgrader takes a course's path for a pattern, so that one with brackets in it is never found; it passes over a folder
without notebooks; and it cannot write a name into its grade book that is no UTF-8. `find_by_name`, called once in
nbgrader_config.py, mends these three and makes its log print names that show. It reads nothing of what it finds.
"""

import contextlib
import glob
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nbgrader import utils
from nbgrader.apps import api
from nbgrader.converters import Autograde, base
from nbgrader.exchange.default import collect, exchange, fetch_feedback, release_feedback
from nbgrader.exchange.default import list as exchange_list

from kernelmark.text import visible

NO_UTF8 = "the name of its folder is no UTF-8, so it cannot stand in the grade book; rename the folder and grade again"


def literal_glob(pattern: str, **options: Any) -> list[str]:
    """Return what a pattern matches with its brackets read as brackets; where that is nothing, as nbgrader reads it."""
    if "[" in pattern and (found := glob.glob(pattern.replace("[", "[[]"), **options)):
        return found
    return glob.glob(pattern, **options)


def find_by_name() -> None:
    """Make nbgrader's converters and exchange find folders by their names; a second call changes nothing."""
    for module in (base, api, utils, collect, exchange, exchange_list, fetch_feedback, release_feedback):
        module.glob = SimpleNamespace(glob=literal_glob)
    if not hasattr(base.BaseConverter.init_notebooks, "of_nbgrader"):
        base.BaseConverter.init_notebooks = _by_name(base.BaseConverter.init_notebooks)


def has_name(folder: str) -> bool:
    """Return whether a folder's name is UTF-8, as the grade book and every page need it."""
    try:
        folder.encode()
    except UnicodeEncodeError:
        return False
    return True


def share(paths: Iterable[Path]) -> None:
    """Let the group write some files and folders, as nbgrader does for c.CourseDirectory.groupshared."""
    for path in paths:
        more = 0o2770 if path.is_dir() else 0o660
        # What is another's was shared by its owner; a file that is gone was a temporary one.
        with contextlib.suppress(PermissionError, FileNotFoundError):
            if path.stat().st_mode & more != more and not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o2777 | more)


def _by_name(of_nbgrader: Callable[[Any], None]) -> Callable[[Any], None]:
    def init_notebooks(self: Any) -> None:
        if not any(isinstance(known, _Visible) for known in self.log.filters):
            self.log.addFilter(_Visible())
        if isinstance(self, Autograde):
            every = literal_glob(self._format_source(self.coursedir.assignment_id, self.coursedir.student_id))
            for folder in (folder for folder in every if not has_name(folder)):
                self.log.error("%s: %s", folder, NO_UTF8)
            folders = [folder for folder in every if has_name(folder) and os.path.isdir(folder)]
            name = f"{self.coursedir.notebook_id}.ipynb"
            self.assignments = {folder: literal_glob(os.path.join(folder, name)) for folder in folders}
            self.notebooks = []
            if self.assignments:
                return
        of_nbgrader(self)

    init_notebooks.of_nbgrader = of_nbgrader  # type: ignore[attr-defined]
    return init_notebooks


class _Visible(logging.Filter):
    """Writes out what of a line would not show: nbgrader logs the names that students chose."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = visible(record.getMessage()), ()
        return True
