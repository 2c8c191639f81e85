"""One pyplot, as it looks: what a test asks pyplot for is the figure that the solution drew, where it lives.

For the tests of which `notebook.drawing` says so. The judge's own pyplot is asked for nothing then; what it would be
asked goes to the process that the test is run against.
"""

import contextlib
import importlib
from collections.abc import Callable, Iterator
from typing import Any

from kernelmark.errors import KernelmarkError
from kernelmark.notebook.drawing import ASKS, PYPLOT
from kernelmark.wire.proxy import Proxy


@contextlib.contextmanager
def figures_of(line: Callable[[], Any], how: str) -> Iterator[None]:
    """Have pyplot answer for the figures of a process for as long as the block runs.

    Args:
        line: to the process. how: "anew" where none of before is to be there, "kept" where they are; "" for not at all.
    """
    try:
        space = vars(importlib.import_module(PYPLOT)) if how else {}
    except ImportError:
        space = {}
    kept = {name: space[name] for name in ASKS if name in space}
    asked = {name: Proxy(line, {"m": name}, name, label=f"{PYPLOT}.{name}") for name in kept}
    if asked and how == "anew":
        with contextlib.suppress(KernelmarkError, ImportError):
            asked["close"]("all")
    space.update(asked)
    try:
        yield
    finally:
        space.update(kept)
