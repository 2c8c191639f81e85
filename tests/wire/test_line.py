"""What reads the line between two processes, as text."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "kernelmark"
READERS = {"wire": "values withheld channel proxy", "sandbox": "link callbacks timed server objects batch"}


@pytest.mark.parametrize("room", [f"{folder}/{room}" for folder, rooms in READERS.items() for room in rooms.split()])
def test_nothing_on_the_line_is_ever_executed(room):
    """No pickle, marshal, eval, exec or their like in the rooms that read what the other side wrote."""
    tree = ast.parse(PACKAGE.joinpath(f"{room}.py").read_text(encoding="utf-8"))
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert imported.isdisjoint(
        {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml", "multiprocessing"}
    )
    assert called.isdisjoint({"eval", "exec", "compile", "__import__"})
    assert "allow_pickle" not in ast.unparse(tree)
