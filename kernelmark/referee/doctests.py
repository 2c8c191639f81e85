"""`doctest` in a test cell: it finds the examples in docstrings of functions and classes that live elsewhere.

The docstring is the student's, as at a desk; the example is run here, and its calls are asked like any other.
It runs no example itself.
"""

import re
from typing import Any

from kernelmark.wire.proxy import Remote

_USES = re.compile(r"\bdoctest\b")


def know_of_objects_in(source: str) -> None:
    """Where a test uses `doctest`, have its finder take what lives elsewhere for the notebook's own."""
    if not _USES.search(source):
        return
    import doctest

    finder: Any = doctest.DocTestFinder
    if hasattr(finder, "kernelmark_own"):
        return
    finder.kernelmark_own = True
    from_module, find_line = finder._from_module, finder._find_lineno

    def of_the_module(self: Any, module: Any, found: Any) -> bool:
        return isinstance(found, Remote) or bool(from_module(self, module, found))

    def line_of(self: Any, found: Any, lines: Any) -> Any:
        return None if isinstance(found, Remote) else find_line(self, found, lines)

    finder._from_module, finder._find_lineno = of_the_module, line_of
