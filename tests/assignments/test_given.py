"""What a later assignment takes from an earlier one is made from the earlier solutions, and is current."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from kernelmark.student.export import module_of
from tests.sample_class import ROOT

MODULES = [path for path in sorted(ROOT.glob("source/*/given/*.py")) if path.name != "__init__.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_is_what_make_given_would_write(path: Path):
    """Each module says which notebook it was made from, and is what that notebook exports today."""
    text = path.read_text()
    title = ast.get_docstring(ast.parse(text)) or ""
    source = re.fullmatch(r"Exported from (\S+)\.", title)
    assert source, f"{path} was not made by kernelmark export"
    names = next(
        ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    notebook = nbformat.read(ROOT / "source" / source[1], as_version=4)
    assert text == module_of(notebook, title, names), "run: make given"


def test_released_copies_are_the_same():
    """Students get the files that were tested."""
    for path in MODULES:
        assert (ROOT / "release" / path.relative_to(ROOT / "source")).read_text() == path.read_text()
