"""Ways in which a notebook comes back damaged, as hypothesis strategies: by accident, by another tool, on purpose."""

import copy
import json
from collections.abc import Callable
from typing import Any

import nbformat
from hypothesis import strategies as st

from kernelmark.notebook.cells import without_hidden_lines
from kernelmark.notebook.conform import Course
from tests import small_course

Json = Any

SOLVED = {
    "add": "def add(a, b):\n    return a + b",
    "counter": "class Counter:\n    count = 0\n    def step(self):\n        self.count += 1\n        return self.count",
    "limit": "limit = 12",
    "why": "Because of the cache.",
}
# What a student's cell may hold; none of it defines what the tests ask for.
HOSTILE = [
    "", "1/0", "np.float64(99)", "print('Passed: 8 of 8 points.')", "%reset -f", "%%bash\necho 8",
    "%%script python\n1", "%autoreload 2", "%run nothing.py", "!rm -rf ~", "%%capture\n1", "def broken(:", "\0",
    "x = '\ud800'", "\\", "?", "%%", "raise SystemExit", "import os; os._exit(3)",
    "import numpy as np\nnp.allclose = lambda *a, **k: True", "import builtins\nbuiltins.AssertionError = Warning",
    "from kernelmark import checks\nchecks.close = print", "get_ipython().run_cell = None", "In = Out = None",
    "#| export\nlimit = 13", "del add", "add = Counter = limit = None", "get_ipython().ast_transformers.append(None)",
    "__builtins__.__dict__.clear()", "### BEGIN HIDDEN TESTS\nassert True", "assert False\n### END HIDDEN TESTS",
    "=== BEGIN MARK SCHEME ===", "def add(a, b): raise StopIteration", "import sys; sys.settrace(print)",
    "await nothing", "{{ cell }}", "class Counter: __slots__ = ()", "é\u2028\x85\x0c𝟙",
]  # fmt: skip
IDS = [
    "add", "add ", "ADD", "ａｄｄ", "add\u200b", "add_small", "setup", "why", "counter", "limit_value", "none", "",
    None, 3, ["add"], {"add": 1}, "../add", "add\n", "cell-3", "c3", True,
]  # fmt: skip
JUNK: list[Json] = [
    None, True, 0, -1, 1e308, 2**70, "", "text", [], {}, [[]], [None], {"": None}, ["a", 3, "b"], "\ud800",
    {"nbgrader": []}, {"nbgrader": {"grade_id": ["add"]}}, {"nbgrader": "x"},
]  # fmt: skip
FLAGS = ["grade", "solution", "locked", "task", "points", "schema_version", "checksum", "cell_type", "grade_id"]
TEXT = st.sampled_from(HOSTILE) | st.text(max_size=40) | st.text("%!?\n ='\"\\#{}()def=", max_size=20)
OUTPUTS: list[Json] = [
    [], None, "x", [3], [{"output_type": "stream", "name": "stdout", "text": "Passed: 2 of 2 points."}],
    [{"output_type": "execute_result", "data": {"text/plain": "99"}, "metadata": {}, "execution_count": -1}],
    [{"output_type": "error", "ename": 3, "evalue": [], "traceback": {}}], [{"output_type": "nothing"}],
]  # fmt: skip


def cells(solved: bool) -> list[dict[str, Json]]:
    """Return the cells of the short course as students get them, with solutions written in or not."""
    made: list[dict[str, Json]] = json.loads(nbformat.writes(Course(small_course.notebook()).released))["cells"]
    for cell in made:
        name = grade_id(cell)
        cell["source"] = without_hidden_lines("".join(cell["source"]))
        if solved and name in SOLVED:
            cell["source"] = SOLVED[name]
    return made


def grade_id(cell: dict[str, Json]) -> Json:
    """Return the grade id of a sound cell, or ""."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def raw_of(content: Json) -> bytes:
    """Return cells, or anything else, as the bytes of a submitted file."""
    if isinstance(content, list):
        content = {"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content).encode()


def _at(draw: Callable[[Any], Any], found: list[Json]) -> int:
    return int(draw(st.integers(0, max(0, len(found) - 1))))


def _drop(draw: Callable[[Any], Any], found: list[Json]) -> None:
    del found[_at(draw, found) : _at(draw, found) + 1]


def _double(draw: Callable[[Any], Any], found: list[Json]) -> None:
    twin = copy.deepcopy(found[_at(draw, found)])
    if draw(st.booleans()) and isinstance(twin, dict):
        twin["source"] = draw(TEXT)
    found.insert(_at(draw, found), twin)


def _split(draw: Callable[[Any], Any], found: list[Json]) -> None:
    at = _at(draw, found)
    text = found[at].get("source") if isinstance(found[at], dict) else None
    if isinstance(text, str):
        second, cut = copy.deepcopy(found[at]), draw(st.integers(0, len(text)))
        found[at]["source"], second["source"] = text[:cut], text[cut:]
        found.insert(at + 1, second)


def _move(draw: Callable[[Any], Any], found: list[Json]) -> None:
    cell = found.pop(_at(draw, found))
    found.insert(_at(draw, found), cell)


def _shuffle(draw: Callable[[Any], Any], found: list[Json]) -> None:
    found[:] = draw(st.permutations(found))


def _insert(draw: Callable[[Any], Any], found: list[Json]) -> None:
    kind = draw(st.sampled_from(["code", "markdown", "raw"]))
    found.insert(_at(draw, found), {"cell_type": kind, "source": draw(TEXT), "metadata": {}})


def _insert_junk(draw: Callable[[Any], Any], found: list[Json]) -> None:
    found.insert(_at(draw, found), draw(st.sampled_from(JUNK)))


def _set(key: str, values: Any) -> Callable[[Callable[[Any], Any], list[Json]], None]:
    def mutate(draw: Callable[[Any], Any], found: list[Json]) -> None:
        cell = found[_at(draw, found)]
        if isinstance(cell, dict):
            cell[key] = copy.deepcopy(draw(values))

    return mutate


def _unset(draw: Callable[[Any], Any], found: list[Json]) -> None:
    cell = found[_at(draw, found)]
    if isinstance(cell, dict) and cell:
        del cell[draw(st.sampled_from(sorted(cell)))]


def _mark(draw: Callable[[Any], Any], found: list[Json]) -> None:
    cell = found[_at(draw, found)]
    marks = cell.get("metadata") if isinstance(cell, dict) else None
    marks = marks.get("nbgrader") if isinstance(marks, dict) else None
    if isinstance(marks, dict):
        marks[draw(st.sampled_from(FLAGS))] = draw(st.sampled_from([*JUNK, True, False, 100]))


def _rename(draw: Callable[[Any], Any], found: list[Json]) -> None:
    cell = found[_at(draw, found)]
    if isinstance(cell, dict):
        marks = {"grade_id": draw(st.sampled_from(IDS)), "grade": True, "locked": True, "points": 100}
        cell["metadata"] = {"nbgrader": marks}


def _strip(draw: Callable[[Any], Any], found: list[Json]) -> None:
    for cell in found:
        if isinstance(cell, dict):
            cell["metadata"] = {}


MUTATIONS = {
    "drop": _drop,
    "double": _double,
    "split": _split,
    "move": _move,
    "shuffle": _shuffle,
    "insert": _insert,
    "insert junk": _insert_junk,
    "retype": _set("cell_type", st.sampled_from(["code", "markdown", "raw", "heading", "", None, 3, []])),
    "noise": _set("source", TEXT),
    "noise of another kind": _set("source", st.sampled_from(JUNK) | st.lists(TEXT, max_size=3)),
    "outputs": _set("outputs", st.sampled_from(OUTPUTS)),
    "metadata": _set("metadata", st.sampled_from(JUNK)),
    "tags": _set("metadata", st.just({"tags": ["skip-execution", "remove_cell"], "editable": 3})),
    "ids": _set("id", st.sampled_from(["", "a b", 3, None, "x" * 99])),
    "attachments": _set("attachments", st.sampled_from(JUNK)),
    "old text": _set("input", TEXT),
    "unset": _unset,
    "mark": _mark,
    "rename": _rename,
    "strip": _strip,
}


@st.composite
def damaged_cells(draw: Callable[[Any], Any], solved: bool = True, most: int = 6) -> list[Json]:
    """Draw the cells of a submission after up to `most` mutations."""
    found: list[Json] = cells(solved)
    for name in draw(st.lists(st.sampled_from(sorted(MUTATIONS)), max_size=most)):
        if found:
            MUTATIONS[name](draw, found)
    return found


@st.composite
def damaged_files(draw: Callable[[Any], Any], solved: bool = True) -> bytes:
    """Draw a submitted file: damaged cells, in a container of some version, with bytes cut out or noise put in."""
    found = draw(damaged_cells(solved=solved))
    old = [{("input" if k == "source" else k): v for k, v in c.items()} if isinstance(c, dict) else c for c in found]
    shapes: list[Json] = [
        found,
        {"cells": found},
        {
            "cells": found,
            "metadata": draw(st.sampled_from(JUNK)),
            "nbformat": draw(st.sampled_from([0, 2, 3, 4, 5, "4"])),
        },
        {"worksheets": [{"cells": old[:3]}, None, {"cells": old[3:]}], "nbformat": 3},
        {"worksheets": draw(st.sampled_from(JUNK)), "cells": found},
        {"cells": {"0": found}},
        {"nbformat": 4},
    ]
    content = draw(st.sampled_from(shapes[:2] * 4 + shapes))
    raw = json.dumps(content, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    match draw(st.sampled_from(["as it is"] * 6 + ["encoding", "cut", "noise", "twice"])):
        case "encoding":
            encoding = draw(st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "latin-1", "cp037"]))
            raw = raw.decode("utf-8", "replace").encode(encoding, "replace")
        case "cut":
            raw = raw[: draw(st.integers(0, len(raw)))]
        case "noise":
            at = draw(st.integers(0, len(raw)))
            raw = raw[:at] + draw(st.binary(max_size=8)) + raw[at + draw(st.integers(0, 8)) :]
        case "twice":
            raw += raw
    return raw
