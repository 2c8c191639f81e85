"""The course's folder as nbgrader is told of it: its configuration, for commands that nbgrader does not have.

It reads nbgrader_config.py and writes nothing.
"""

from pathlib import Path
from typing import Any

from nbgrader.apps.baseapp import NbGrader
from sqlalchemy.engine import make_url


def open_course() -> NbGrader:
    """Return nbgrader's application with the configuration of the folder at hand: `.coursedir`, `.config`."""
    app = NbGrader()
    app.initialize(["--log-level=WARN"])
    return app


def has_grade_book(app: Any) -> bool:
    """Say whether there is a grade book; to open one that is missing would make it."""
    url = make_url(app.coursedir.db_url)
    return url.get_backend_name() != "sqlite" or Path(app.coursedir.root, url.database or "").is_file()
