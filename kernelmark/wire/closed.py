"""What a test puts in the place of a function reaches nothing for submitted code: no file, no program, no pickle.

A function of a test runs in the judge, with the grader's rights; one that watches `open` or `os.remove` hands on to the
real one what it is told. So where it replaces a function, it may compute and remember, and nothing else; and in the
place of a function that reaches out by itself stands only a mock whose answers are fixed beforehand.
"""

import sys
import threading
from collections.abc import Callable
from typing import Any

_here = threading.local()
_watching = False
# What Python says before it does something that reaches beyond its own memory, or makes code of text.
_REFUSED = frozenset({"open", "exec", "compile", "import", "marshal.loads", "pickle.find_class", "mmap.__new__"})
_REFUSED_FAMILIES = ("os.", "shutil.", "subprocess.", "socket.", "ctypes.", "fcntl.", "glob.", "tempfile.", "sqlite3.")
# Modules whose functions ask or change more than their own memory without a word to an audit, as `os.stat` does.
_REACHING = frozenset(
    {
        "os",
        "posix",
        "posixpath",
        "ntpath",
        "pathlib",
        "shutil",
        "subprocess",
        "socket",
        "importlib",
        "pickle",
        "_pickle",
    }
    | {"ctypes", "glob", "fnmatch", "tempfile", "io", "marshal", "runpy", "multiprocessing", "threading", "signal"}
    | {"gc", "inspect", "code", "linecache", "kernelmark", "IPython"}
)


def opening_nothing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does what another does, except that it opens no file and reaches nothing else."""

    def ask(*args: Any, **kwargs: Any) -> Any:
        _watch()
        before, _here.closed = getattr(_here, "closed", False), True
        try:
            return function(*args, **kwargs)
        finally:
            _here.closed = before

    return ask


def reaches_out(module: str) -> bool:
    """Say whether functions of a module do more than compute: there only fixed answers may stand in their place."""
    return module.partition(".")[0] in _REACHING


def answers_are_fixed(value: Any) -> bool:
    """Say whether what stands in the place of a function is a mock that hands on nothing that it is told."""
    if type(value).__module__ != "unittest.mock":
        return not callable(value)
    effect = getattr(value, "side_effect", None)
    raises = isinstance(effect, BaseException) or (isinstance(effect, type) and issubclass(effect, BaseException))
    return getattr(value, "_mock_wraps", None) is None and (not callable(effect) or raises)


def _watch() -> None:
    global _watching
    if not _watching:
        _watching = True
        sys.addaudithook(_refuse)


def _refuse(event: str, _: Any) -> None:
    if (event in _REFUSED or event.startswith(_REFUSED_FAMILIES)) and getattr(_here, "closed", False):
        raise PermissionError("a function of the test opens no file and starts nothing for submitted code")
