"""Which room may import which: the table, and the proof that the code keeps to it.

A room is a module of `kernelmark`, or the package `kernelmark.lab` as a whole. Imports are read
from the syntax tree, so one inside a function, or by name through `import_module`, counts too.
"""

import ast
import graphlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "kernelmark"

# The rooms from the top of the hill down, each with the rooms that it may import.
# `...` stands for every room above it, except those of STARTED_NOT_IMPORTED.
ROOMS = {
    "errors": "",
    "records": "",
    "lab": "",
    "stats": "errors records",
    "picture": "records stats",
    "timing": "records stats",
    "checks": "errors records stats timing picture",
    "wire": "errors lab",
    "channel": "wire",
    "proxy": "errors wire",
    "shell": "",
    "server": "errors shell wire channel",
    "clock": "errors",
    "syscalls": "",
    "groups": "",
    "zygote": "lab checks shell server",
    "limits": "",
    "sandbox": "errors clock syscalls groups zygote limits",
    "memory": "wire limits",
    "guard": "errors clock limits sandbox memory",
    "links": "errors timing wire channel proxy clock limits sandbox memory guard",
    "session": "errors shell limits links",
    "cells": "errors",
    "judge": "errors records stats timing checks wire proxy shell links session cells",
    "referee": "errors records limits links session cells judge",
    "nursery": "errors records shell limits sandbox links session cells judge referee",
    "conform": "errors cells",
    "settings": "limits",
    "gradebook": "errors records",
    "intake": "errors",
    "resume": "errors records gradebook intake",
    "pages": "",
    "sheet": "",
    "grading": "errors records limits cells referee nursery conform intake resume pages",
    "autograde": "errors records stats settings cells conform gradebook intake resume pages grading",
    "progress": "records stats",
    "work": "errors records limits conform grading",
    "workers": "errors",
    "cluster": "errors records stats settings gradebook intake resume grading autograde progress work workers",
    "report": "errors records stats picture",
    "export": "errors",
    "desk": "errors cells",
    "__main__": "...",
}

# Runs in the sandbox beside submitted code: started there by name, so that no other process ever
# holds it by an import.
STARTED_NOT_IMPORTED = {"server"}


def rooms_above(room: str) -> set[str]:
    names = list(ROOMS)
    return set(names[: names.index(room)])


def allowed_imports(room: str) -> set[str]:
    if ROOMS[room] == "...":
        return rooms_above(room) - STARTED_NOT_IMPORTED
    return set(ROOMS[room].split())


def room_of(module: str) -> str:
    """Return the room of a dotted module name: `kernelmark.lab.tensor` is in `lab`."""
    return module.split(".")[1]


def modules() -> dict[str, Path]:
    """Return every module of the package but its own `__init__`, by dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    del found["kernelmark"]
    return found


def imported_modules(source: str, module: str, *, is_package: bool = False) -> set[str]:
    """Return the dotted names below `kernelmark` that this source imports, wherever in it.

    `from kernelmark import __version__` names no module of its own and is not in the result.
    """
    package = module if is_package else module.rpartition(".")[0]
    targets: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                targets.update(alias.name for alias in node.names)
            case ast.ImportFrom():
                base = node.module or ""
                if node.level:
                    anchor = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
                    base = f"{anchor}.{base}" if base else anchor
                targets.add(base)
                targets.update(f"{base}.{alias.name}" for alias in node.names)
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[ast.Constant(str(name)), *_]):
                if called in {"import_module", "__import__"}:
                    targets.add(f"{package}{name}" if name.startswith(".") else name)
    return {name for name in targets if name.startswith("kernelmark.") and is_module(name)}


def is_module(name: str) -> bool:
    """Tell a module from a name defined inside one; a room that is not written yet counts as a module."""
    parts = name.split(".")
    path = PACKAGE.parent.joinpath(*parts)
    return path.with_suffix(".py").exists() or path.is_dir() or (len(parts) == 2 and parts[1] in ROOMS)


def graph() -> dict[str, set[str]]:
    return {
        name: imported_modules(path.read_text(encoding="utf-8"), name, is_package=path.name == "__init__.py")
        for name, path in modules().items()
    }


class TestTable:
    def test_every_module_is_in_it(self):
        """A new file in `kernelmark/` has to say where it stands."""
        assert {room_of(name) for name in modules()} - set(ROOMS) == set()

    def test_every_room_exists(self):
        """A room that was removed or renamed leaves the table too."""
        assert set(ROOMS) - {room_of(name) for name in modules()} == set()

    @pytest.mark.parametrize("room", ROOMS)
    def test_runs_downhill(self, room):
        """A room is allowed only rooms that stand above it."""
        assert allowed_imports(room) - rooms_above(room) == set()


class TestCode:
    @pytest.mark.parametrize("room", ROOMS)
    def test_room_imports_only_what_it_may(self, room):
        """Each import of another room is one that the table allows."""
        imported = {room_of(target) for name, targets in graph().items() if room_of(name) == room for target in targets}
        assert imported - {room} - allowed_imports(room) == set()

    def test_has_no_circles(self):
        """No module reaches itself by way of others, inside `lab` either."""
        circular = {name: targets - {name} for name, targets in graph().items()}
        assert list(graphlib.TopologicalSorter(circular).static_order())

    def test_package_itself_imports_nothing(self):
        """The sandbox loads `kernelmark/__init__.py` too: what it imports before it is asked is `typing`."""
        tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
        imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert [ast.unparse(node) for node in imports] == ["from typing import TYPE_CHECKING"]


class TestReader:
    """The reader of imports itself, since a blind one would approve of everything."""

    @pytest.mark.parametrize(
        "source",
        [
            "import kernelmark.wire",
            "import kernelmark.wire as w",
            "from kernelmark import wire",
            "from kernelmark.wire import anything",
            "from . import wire",
            "from .wire import anything",
            "def f():\n    from kernelmark import wire",
            "import importlib\nimportlib.import_module('kernelmark.wire')",
            "from importlib import import_module\nimport_module('.wire', __package__)",
            "__import__('kernelmark.wire')",
        ],
    )
    def test_sees_each_way_to_import(self, source):
        """However `wire` is imported, it is found."""
        assert imported_modules(source, "kernelmark.checks") == {"kernelmark.wire"}

    def test_sees_relative_imports_of_a_subpackage(self):
        """Two dots inside `lab` reach the package above, one dot stays inside."""
        source = "from .. import wire\nfrom ..stats import anything\nfrom . import nothing"
        found = imported_modules(source, "kernelmark.lab.tensor")
        assert found - {"kernelmark.lab"} == {"kernelmark.wire", "kernelmark.stats"}

    @pytest.mark.parametrize("source", ["import numpy", "from kernelmark import __version__", "'kernelmark.wire'"])
    def test_is_not_fooled_by_what_is_no_import_of_a_room(self, source):
        """Other libraries, the version and plain text are no rooms."""
        assert imported_modules(source, "kernelmark.checks") == set()
