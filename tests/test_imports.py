"""Which room may import which: the table, and the proof that the code keeps to it.

A room is a module of `kernelmark`, or the package `kernelmark.lab` as a whole. Imports are read
from the syntax tree, so one inside a function, or by name through `import_module`, counts too.
"""

import ast
import functools
import graphlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "kernelmark"

# The floors from the ground up. On each: a folder, or a file beside the folders, with what it may import of the floors
# below; `...` stands for all of them.
FLOORS: list[dict[str, str]] = [
    {"errors": "", "text": "", "records": "", "own_types": "", "autograde": ""},
    {"notebook": "errors text records", "stopwatch": "errors text records", "shown": "text"},
    {"checks": "errors text records own_types stopwatch shown", "lab": "stopwatch"},
    {"wire": "errors text own_types lab"},
    {"sandbox": "errors own_types lab stopwatch wire checks"},
    {"referee": "errors records own_types notebook stopwatch wire checks sandbox"},
    {"course": "errors text records notebook stopwatch sandbox referee", "student": "errors text records notebook"},
    {"whole_class": "errors text records notebook stopwatch sandbox referee course"},
    {"authoring": "errors text records notebook stopwatch sandbox referee course whole_class"},
    {"commands": "errors text course whole_class"},
    {"__main__": "..."},
]

# The rooms from the bottom up, each with the rooms that it may import; in its own folder by their last name.
ROOMS = {
    "errors": "",
    "text": "",
    "records": "",
    "own_types": "",
    "autograde": "",
    "notebook.cells": "errors",
    "notebook.causes": "records",
    "notebook.pictures": "",
    "notebook.markers": "errors text cells",
    "notebook.parts": "",
    "notebook.places": "cells",
    "notebook.reaching": "cells",
    "notebook.patching": "cells",
    "notebook.background": "cells places reaching patching",
    "notebook.filing": "cells",
    "notebook.changers": "cells places",
    "notebook.drawing": "cells patching",
    "notebook.sharing": "cells places filing changers patching drawing",
    "notebook.conform": "errors text cells pictures markers places background sharing",
    "notebook.contracts": "",
    "notebook.scheme": "",
    "notebook.finding": "errors text cells",
    "notebook.marked_cells": "cells markers finding",
    "notebook.undefined": "cells finding",
    "notebook.asserting": "cells finding",
    "notebook.speed_lines": "finding",
    "notebook.unfit": "finding",
    "notebook.covered": "cells markers filing contracts finding",
    "notebook.findings": "errors cells markers conform finding marked_cells undefined asserting speed_lines unfit "
    "covered",
    "notebook.stamps": "",
    "notebook.intake": "errors text stamps",
    "notebook.folder": "errors text conform intake",
    "notebook.page": "text",
    "notebook.formulas": "",
    "notebook.markup": "text pictures formulas page",
    "stopwatch.stats": "errors records",
    "stopwatch.picture": "text records stats",
    "stopwatch.desk_clock": "",
    "stopwatch.timing": "records stats desk_clock",
    "stopwatch.lock": "errors",
    "stopwatch.clock": "errors",
    "shown": "text",
    "lab": "stopwatch.desk_clock",
    "wire.bounds": "errors",
    "wire.kind": "bounds",
    "wire.kinds_python": "bounds kind",
    "wire.kinds_numpy": "bounds kind",
    "wire.kinds_classes": "own_types bounds kind",
    "wire.kinds_tables": "bounds kind kinds_numpy",
    "wire.kinds_tensors": "bounds kind kinds_numpy",
    "wire.kinds_symbolic": "bounds kind",
    "wire.kinds": "own_types bounds kind kinds_python kinds_numpy kinds_classes kinds_tables kinds_tensors "
    "kinds_symbolic",
    "wire.values": "lab bounds kind kinds_numpy kinds",
    "wire.contents": "",
    "wire.files": "",
    "wire.desk": "values files",
    "wire.streams": "bounds kind",
    "wire.closed": "",
    "wire.patched": "closed",
    "wire.shared": "values contents desk streams closed patched",
    "wire.channel": "bounds values",
    "wire.withheld": "kinds_numpy values",
    "wire.changes": "kind contents",
    "wire.refused": "errors",
    "wire.standing": "",
    "wire.described": "",
    "wire.operators": "described",
    "wire.raised": "errors text",
    "wire.built_on": "",
    "wire.asked": "errors built_on values refused standing operators raised",
    "wire.of_libraries": "own_types kinds",
    "wire.returned": "bounds kind values contents changes",
    "wire.proxy": "errors built_on kind kinds_numpy of_libraries values shared changes refused standing described "
    "raised asked returned",
    "wire.foundation": "built_on values proxy",
    "checks": "errors text own_types records shown stopwatch.stats stopwatch.picture stopwatch.desk_clock "
    "stopwatch.timing stopwatch.lock",
    "sandbox.folders": "",
    "sandbox.limits": "",
    "sandbox.shared_files": "wire.values wire.files",
    "sandbox.shared": "wire.values wire.contents wire.streams wire.patched shared_files",
    "sandbox.luggage": "limits",
    "sandbox.shell": "",
    "sandbox.objects": "errors wire.values wire.operators wire.raised shared shell",
    "sandbox.batch": "wire.values wire.channel wire.withheld",
    "sandbox.given": "wire.values wire.channel objects",
    "sandbox.server": "own_types wire.kind wire.values wire.contents wire.channel wire.raised shared_files shared "
    "luggage shell objects batch given",
    "sandbox.syscalls": "",
    "sandbox.landlock": "",
    "sandbox.users": "errors",
    "sandbox.cgroups": "",
    "sandbox.zygote": "lab checks limits shell server landlock",
    "sandbox.started": "stopwatch.clock limits users cgroups zygote",
    "sandbox.bubblewrap": "errors stopwatch.clock limits syscalls users cgroups zygote started",
    "sandbox.memory": "wire.values limits",
    "sandbox.watchdog": "errors stopwatch.clock limits started bubblewrap memory",
    "sandbox.turns": "errors",
    "sandbox.callbacks": "errors wire.values wire.refused",
    "sandbox.visits": "lab wire.values wire.channel",
    "sandbox.timed": "errors stopwatch.timing stopwatch.clock wire.values wire.channel wire.withheld started",
    "sandbox.link": "errors stopwatch.timing stopwatch.clock wire.values wire.channel wire.raised limits luggage "
    "bubblewrap memory watchdog turns callbacks visits timed",
    "referee.session": "errors sandbox.limits sandbox.shell sandbox.turns sandbox.link",
    "referee.machine": "records",
    "referee.working_folder": "notebook.cells notebook.filing stopwatch.lock wire.desk sandbox.limits "
    "sandbox.luggage sandbox.bubblewrap",
    "referee.outcome": "errors records notebook.cells stopwatch.stats wire.raised",
    "referee.doctests": "wire.proxy",
    "referee.figures": "errors notebook.drawing wire.proxy",
    "referee.beside": "errors records notebook.cells stopwatch.stats wire.raised session outcome",
    "referee.racing": "errors stopwatch.timing wire.values sandbox.link machine",
    "referee.scene": "errors records own_types notebook.cells notebook.sharing wire.values wire.contents "
    "wire.files wire.patched wire.desk wire.shared wire.changes wire.refused wire.standing wire.raised "
    "wire.proxy sandbox.limits sandbox.shell sandbox.memory sandbox.turns sandbox.link outcome "
    "doctests figures",
    "referee.asking": "errors notebook.cells notebook.background notebook.sharing wire.changes wire.standing "
    "wire.asked sandbox.link session scene",
    "referee.judge": "errors records notebook.cells notebook.causes stopwatch.timing stopwatch.lock wire.asked "
    "wire.changes wire.refused wire.proxy wire.foundation checks session machine outcome beside racing scene asking",
    "referee.run": "errors records notebook.cells sandbox.limits sandbox.link session outcome judge",
    "referee.warm": "errors records notebook.cells sandbox.folders sandbox.limits sandbox.shell "
    "sandbox.bubblewrap sandbox.link session machine working_folder run",
    "referee.autotest": "errors notebook.cells notebook.conform sandbox.limits sandbox.link",
    "referee.grading": "errors records notebook.cells notebook.conform notebook.intake notebook.folder "
    "notebook.markup sandbox.folders sandbox.limits run warm autotest",
    "student.kernel": "errors",
    "student.desk": "errors text records notebook.cells notebook.causes notebook.parts kernel",
    "student.terminal": "text records desk",
    "student.export": "errors text",
    "course.nbgrader_settings": "text",
    "course.steps": "errors records notebook.conform notebook.folder nbgrader_settings",
    "course.settings": "errors notebook.intake sandbox.limits nbgrader_settings",
    "course.places": "text",
    "course.release": "errors text notebook.markers notebook.findings referee.grading settings",
    "course.gradebook": "errors records",
    "course.folder": "",
    "course.stores": "",
    "course.roster": "errors text",
    "course.standing": "",
    "course.policies": "errors text stopwatch.stats",
    "course.lateness": "errors gradebook roster standing policies",
    "course.drift": "errors notebook.conform stopwatch.stats referee.grading settings gradebook folder",
    "course.late": "notebook.intake stopwatch.stats gradebook stores",
    "course.resume": "errors records notebook.intake referee.grading places gradebook stores drift late",
    "course.sheet": "text",
    "course.feedback": "records notebook.cells notebook.parts notebook.page stopwatch.stats stopwatch.picture",
    "course.autograde": "errors records notebook.cells notebook.markers notebook.conform notebook.intake "
    "notebook.folder notebook.markup referee.grading nbgrader_settings steps settings places gradebook lateness resume "
    "feedback",
    "course.validated": "notebook.cells",
    "course.seam": "notebook.markup places validated release sheet autograde",
    "whole_class.progress": "text records stopwatch.stats",
    "whole_class.work": "errors records notebook.conform notebook.folder sandbox.folders sandbox.limits "
    "referee.grading",
    "whole_class.workers": "errors",
    "whole_class.cluster": "errors records notebook.intake notebook.folder stopwatch.stats referee.grading "
    "course.steps course.settings course.places course.gradebook course.stores course.resume course.autograde "
    "progress work workers",
    "whole_class.looks": "notebook.intake course.settings course.places course.gradebook course.folder course.stores",
    "whole_class.sheets": "errors text course.roster",
    "whole_class.marks": "errors records course.folder course.gradebook course.lateness course.resume course.roster "
    "course.settings course.standing course.stores looks sheets",
    "whole_class.answers": "errors text records notebook.cells notebook.markers notebook.markup notebook.page "
    "notebook.scheme referee.grading course.folder course.gradebook course.settings course.stores",
    "whole_class.answers_back": "errors text notebook.scheme stopwatch.stats answers",
    "whole_class.overview": "records",
    "whole_class.strips": "records stopwatch.stats overview",
    "whole_class.report": "errors text records notebook.page stopwatch.stats stopwatch.picture overview strips",
    "authoring.template": "",
    "authoring.begin": "errors course.folder course.settings template",
    "authoring.sources": "errors sandbox.limits course.settings",
    "authoring.emptied": "errors records notebook.cells notebook.conform notebook.finding stopwatch.stats "
    "sandbox.limits referee.grading referee.run referee.warm",
    "authoring.validate": "errors notebook.conform notebook.finding notebook.findings stopwatch.stats "
    "referee.grading sources emptied",
    "authoring.notebooks": "notebook.cells notebook.conform notebook.intake sandbox.limits referee.grading "
    "course.settings sources",
    "authoring.written": "errors notebook.cells notebook.conform",
    "authoring.loads": "",
    "authoring.operators": "",
    "authoring.mutants": "notebook.cells operators",
    "authoring.noticing": "notebook.cells notebook.places mutants",
    "authoring.calibrate": "errors records stopwatch.stats referee.warm notebooks noticing written loads",
    "authoring.variations": "",
    "authoring.comparing": "",
    "authoring.forks": "",
    "authoring.probe": "variations comparing forks",
    "authoring.trial": "notebook.cells records sandbox.limits referee.warm whole_class.work",
    "authoring.units": "notebook.background notebook.cells notebook.contracts referee.grading notebooks written "
    "mutants noticing",
    "authoring.accepted": "errors mutants",
    "authoring.equivalence": "sandbox.limits referee.session mutants noticing units",
    "authoring.kept": "",
    "authoring.audit": "errors records notebook.contracts whole_class.work whole_class.workers notebooks mutants trial "
    "units accepted equivalence kept",
    "authoring.audit_page": "text notebook.page accepted equivalence audit",
    "commands.answers": "errors text whole_class.answers whole_class.answers_back",
    "commands.links": "errors text course.folder",
    "commands.marks": "errors text whole_class.marks whole_class.sheets",
    "commands.report": "errors text whole_class.looks whole_class.marks whole_class.overview whole_class.report",
    "__main__": "...",
}

# `server` runs in the sandbox beside submitted code: started there by name, so that no other process ever
# holds it by an import. The old `autograde` is for a configuration of before.
STARTED_NOT_IMPORTED = {"sandbox.server", "autograde"}
# Names that no reader of the text can find: the course's value types, and what every sandbox has loaded.
LOADED_BY_NAME = {"wire.values": {"lab"}, "sandbox.zygote": {"lab", "checks"}}


def folder_of(room: str) -> str:
    return room.partition(".")[0]


def floors_below(folder: str) -> set[str]:
    at = next(number for number, floor in enumerate(FLOORS) if folder in floor)
    return {name for floor in FLOORS[:at] for name in floor}


def allowed_folders(folder: str) -> set[str]:
    words = next(floor[folder] for floor in FLOORS if folder in floor)
    return floors_below(folder) if words == "..." else set(words.split())


def rooms_below(room: str) -> set[str]:
    names = list(ROOMS)
    return set(names[: names.index(room)])


def allowed_imports(room: str) -> set[str]:
    if ROOMS[room] == "...":
        return rooms_below(room) - STARTED_NOT_IMPORTED
    beside = {name: f"{folder_of(room)}.{name}" for name in ROOMS[room].split()}
    return {beside[name] if beside[name] in ROOMS else name for name in beside}


def room_of(module: str) -> str:
    """Return the room of a dotted module name: `kernelmark.lab.tensor` is in `lab`, a folder itself in "" of it."""
    parts = module.split(".")[1:]
    return "lab" if parts[0] == "lab" else ".".join(parts)


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
    path = PACKAGE.parent.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir() or name.removeprefix("kernelmark.") in ROOMS


@functools.cache
def graph() -> dict[str, set[str]]:
    return {
        name: imported_modules(path.read_text(encoding="utf-8"), name, is_package=path.name == "__init__.py")
        for name, path in modules().items()
    }


def imported_rooms(room: str) -> set[str]:
    """Return the other rooms that the modules of a room import; a folder's own `__init__` holds no code."""
    found = {room_of(target) for name, targets in graph().items() if room_of(name) == room for target in targets}
    return found - {room} - {folder for floor in FLOORS for folder in floor if folder not in ROOMS}


class TestTable:
    def test_every_module_is_in_it(self):
        """A new file in `kernelmark/` has to say where it stands."""
        folders = {folder for floor in FLOORS for folder in floor}
        assert {room_of(name) for name in modules()} - set(ROOMS) - folders == set()
        assert {folder_of(room) for room in ROOMS} == folders

    def test_every_room_exists(self):
        """A room that was removed or renamed leaves the table too."""
        assert set(ROOMS) - {room_of(name) for name in modules()} == set()

    @pytest.mark.parametrize("room", ROOMS)
    def test_runs_downhill(self, room):
        """A room is allowed only rooms that stand below it, on its own floor in its own folder alone."""
        assert allowed_imports(room) - rooms_below(room) == set()
        folders = {folder_of(other) for other in allowed_imports(room)} - {folder_of(room)}
        assert folders - floors_below(folder_of(room)) == set()

    @pytest.mark.parametrize("folder", [folder for floor in FLOORS for folder in floor])
    def test_of_folders_says_what_the_table_of_rooms_says(self, folder):
        """A folder may import what one of its rooms may, and nothing that none of them needs."""
        wanted = {folder_of(o) for room in ROOMS if folder_of(room) == folder for o in allowed_imports(room)}
        assert wanted - {folder} == allowed_folders(folder) - STARTED_NOT_IMPORTED


class TestCode:
    @pytest.mark.parametrize("room", ROOMS)
    def test_room_imports_only_what_it_may(self, room):
        """Each import of another room is one that the table allows."""
        assert imported_rooms(room) - allowed_imports(room) == set()

    @pytest.mark.parametrize("room", [room for room in ROOMS if ROOMS[room] != "..."])
    def test_room_imports_all_that_it_may(self, room):
        """The table allows nothing that is not used: it is also the picture of the house."""
        assert allowed_imports(room) - imported_rooms(room) == LOADED_BY_NAME.get(room, set())

    def test_folder_holds_a_sentence_and_no_code(self):
        """What a folder's `__init__` ran, every process with one of its rooms would run, sandboxed ones too."""
        for path in PACKAGE.glob("*/__init__.py"):
            if path.parent.name != "lab":
                (only,) = ast.parse(path.read_text(encoding="utf-8")).body
                assert ast.get_docstring(ast.Module([only], [])), path

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
            "import kernelmark.wire.values",
            "import kernelmark.wire.values as w",
            "from kernelmark.wire import values",
            "from kernelmark.wire.values import anything",
            "from .wire import values",
            "from .wire.values import anything",
            "def f():\n    from kernelmark.wire import values",
            "import importlib\nimportlib.import_module('kernelmark.wire.values')",
            "from importlib import import_module\nimport_module('.wire.values', __package__)",
            "__import__('kernelmark.wire.values')",
        ],
    )
    def test_sees_each_way_to_import(self, source):
        """However `wire` is imported, it is found."""
        found = imported_modules(source, "kernelmark.checks")
        assert found - {"kernelmark.wire"} == {"kernelmark.wire.values"}

    def test_sees_relative_imports_of_a_subpackage(self):
        """Two dots inside `lab` reach the package above, one dot stays inside."""
        source = "from ..wire import values\nfrom ..stopwatch.stats import anything\nfrom . import nothing"
        found = imported_modules(source, "kernelmark.lab.tensor")
        assert found - {"kernelmark.lab", "kernelmark.wire"} == {"kernelmark.wire.values", "kernelmark.stopwatch.stats"}

    @pytest.mark.parametrize(
        "source", ["import numpy", "from kernelmark import __version__", "'kernelmark.wire.values'"]
    )
    def test_is_not_fooled_by_what_is_no_import_of_a_room(self, source):
        """Other libraries, the version and plain text are no rooms."""
        assert imported_modules(source, "kernelmark.checks") == set()
