"""The folder in which set-up and test cells run: what lies beside the instructor's notebook, and temporary files.

It goes with the judge. What of it is shared with the solution, and when, is `wire.desk`'s to say.
"""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from kernelmark.notebook.cells import Plan
from kernelmark.notebook.filing import is_about_files
from kernelmark.sandbox import bubblewrap, luggage
from kernelmark.sandbox.limits import Limits
from kernelmark.stopwatch.lock import keep_to_the_place
from kernelmark.wire.desk import PLACE, TEMPORARY


def beside_the_notebook(files: dict[str, str], within: str, folder: contextlib.ExitStack, limits: Limits) -> None:
    """Let set-up and tests import, open and write what lies beside the instructor's notebook, as at a desk.

    They get copies, or a cell that writes a file would change the course; what is too large is shown through a link.
    """
    whole = Path(folder.enter_context(tempfile.TemporaryDirectory(dir=within))).resolve()
    place = whole / PLACE
    place.mkdir()
    copied, shown = luggage.split(files, limits)
    descriptor = luggage.packed(copied)
    luggage.unpack(descriptor, str(place))
    os.close(descriptor)
    for name, path in shown.items():
        (place / name).symlink_to(path)
    os.chdir(place)
    # Last, as in the sandbox: a file beside the notebook shadows nothing, but for what lies beside a checkout of ours.
    checkout = str(bubblewrap.PACKAGE.parent)
    sys.path[:] = [entry for entry in sys.path if entry != checkout or entry.endswith("-packages")]
    sys.path += [str(place), checkout]


def with_temporary_files_beside() -> None:
    """Have temporary files of tests lie in a folder that goes with the judge's, and that is told from all others."""
    keep_to_the_place()
    temporary = Path.cwd().parent / TEMPORARY
    temporary.mkdir()
    tempfile.tempdir = str(temporary)


def wants_one(plan: Plan) -> bool:
    """Say whether a cell that the judge runs is about files, which should not lie in the course."""
    return any(cell.code and is_about_files(cell.source) for cell in plan.cells if cell.role in ("setup", "test"))
