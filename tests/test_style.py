"""What keeps the house easy to read: small rooms, and no exception swallowed without a word."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(
    path
    for top in ("kernelmark", "tests", "benchmarks")
    for path in (ROOT / top).rglob("*.py")
    if "submissions" not in path.relative_to(ROOT).parts
)
MAX_LINES = {"file": 500, ast.ClassDef: 300, ast.FunctionDef: 60, ast.AsyncFunctionDef: 60}
BROAD = {"Exception", "BaseException"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_file_class_and_function_are_of_a_size_to_read(path):
    """A file has 500 lines at most, a class 300, a function 60."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MAX_LINES["file"]
    for node in ast.walk(ast.parse(text)):
        if type(node) in MAX_LINES:
            assert node.end_lineno - node.lineno < MAX_LINES[type(node)], f"{node.name}, line {node.lineno}"


@pytest.mark.parametrize("path", [path for path in FILES if "kernelmark" in path.parts], ids=name_of)
def test_broad_handler_says_why(path):
    """Who catches every exception says in a comment beside it which ones are meant."""
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler):
            kinds = BROAD if node.type is None else {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
            if kinds & BROAD:
                assert re.search(r":  # \w", lines[node.lineno - 1]), f"line {node.lineno}"
