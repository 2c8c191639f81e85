"""Damaged notebooks: grading ends, the instructor's tests are those that ran, an accident costs what it broke."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nbgrader.api import Gradebook
from nbgrader.preprocessors import CheckCellMetadata

from kernelmark.course.autograde import SubmissionExporter
from kernelmark.notebook import conform
from kernelmark.notebook.cells import Plan
from kernelmark.notebook.conform import Course, read_submission
from kernelmark.referee import grading
from kernelmark.sandbox.bubblewrap import bubblewrap_arguments
from kernelmark.sandbox.limits import HOME, Limits
from tests import mutations, small_course
from tests.mutations import JUNK, SOLVED, cells, damaged_cells, damaged_files, grade_id, raw_of
from tests.wire.strategies import JSON, NODE, REPLY

COURSE = Course(small_course.notebook())
POINTS = {name: float(points) for name, (points, _) in small_course.TESTS.items()}
LOCKED = {cell.grade_id: cell for cell in COURSE.cells if cell.role in ("setup", "test")}
NEEDS = {"add_small": "add", "add_arrays": "add", "counter_steps": "counter", "limit_value": "limit"}
# A referee's run takes a hundred times as long as a plan: a twentieth of the examples.
for_real = settings(max_examples=max(5, settings().max_examples // 20))


def check_plan(raw):
    """Assert what holds of every submission, and return its notebook and its plan."""
    graded, plan = COURSE.plan(*read_submission(raw))
    order = [cell.grade_id for cell in plan.cells if cell.grade_id]
    assert sorted(order) == sorted(COURSE.by_id)
    assert [name for name in order if name in LOCKED] == list(LOCKED)
    for test, solution in NEEDS.items():
        assert order.index(solution) < order.index(test)
    for node, cell in zip(graded.cells, plan.cells, strict=True):
        marks = node.metadata.get("nbgrader")
        assert (marks is None) == (not cell.grade_id)
        if cell.role in ("setup", "test"):
            assert cell == LOCKED[cell.grade_id]
            assert node.source == cell.source
        else:
            assert small_course.MARKER not in cell.source
        if marks is not None:
            assert marks == COURSE.released.cells[COURSE.by_id[cell.grade_id]].metadata["nbgrader"]
        assert not node.get("outputs")
        assert set(node.metadata) <= {"nbgrader"}
    nbformat.validate(graded)
    CheckCellMetadata().preprocess(graded, {})
    return graded, plan


class TestPlans:
    @given(damaged_files() | damaged_files(solved=False))
    def test_of_damaged_work_hold_the_instructors_tests(self, raw):
        """Every test once, in order, after what it tests, with the instructor's text, points and marks; every time."""
        graded, plan = check_plan(raw)
        again, second = COURSE.plan(*read_submission(raw))
        assert (nbformat.writes(graded), plan) == (nbformat.writes(again), second)
        assert Plan.from_json(plan.to_json()) == plan

    @given(damaged_files())
    @example(raw_of([]))
    def test_are_the_same_when_planned_twice(self, raw):
        """nbgrader stores the conformed notebook and reads it again: both ways of grading run the same cells."""
        graded, plan = check_plan(raw)
        _, second = COURSE.plan(*read_submission(nbformat.writes(graded).encode()))
        assert second.cells == plan.cells

    @given(
        st.binary(max_size=200)
        | st.sampled_from(JUNK).map(json.dumps).map(str.encode)
        | st.text(max_size=50).map(str.encode)
    )
    def test_of_anything_else_are_those_of_an_empty_notebook(self, raw):
        """Bytes, or JSON that is no notebook."""
        _, plan = check_plan(raw)
        assert plan.notes

    @given(damaged_cells())
    def test_hold_all_that_a_student_wrote(self, found):
        """No text of a student's is lost, whatever became of the marks around it, but that of locked cells."""
        _, plan = check_plan(raw_of(found))
        kept = "\n".join(cell.source for cell in plan.cells if cell.role not in ("setup", "test"))
        for cell in read_submission(raw_of(found))[0].cells:
            if cell.metadata.get("grade_id") not in LOCKED:
                assert cell.source in kept


class TestSize:
    @pytest.mark.parametrize("part", [b"[],", b"{},", b"1e1,", b'"",', b'[[{"":[]}]],'])
    def test_of_what_a_file_holds_is_bounded(self, part):
        """Fifty megabytes of nothing would take a gigabyte and more of the grader's memory as Python objects."""
        raw = b'{"cells":[' + part * (conform.MAX_NOTEBOOK_BYTES // len(part) - 10) + b"0]}"
        submission, notes = read_submission(raw)
        assert submission.cells == []
        assert "values" in notes[0]

    @pytest.mark.parametrize("text", ["[{," * 5_000_000, '\\"' * 7_000_000, "é" * 10_000_000])
    def test_of_pictures_and_printed_text_is_no_matter(self, text):
        """Signs inside strings are no values: a notebook with long outputs is read."""
        found = cells(solved=True)
        found[2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
        _, plan = check_plan(json.dumps({"cells": found}, ensure_ascii=False).encode())
        assert plan.notes == ()
        assert SOLVED["add"] in [cell.source for cell in plan.cells]

    def test_of_a_doubled_answer_is_bounded(self):
        """Two thousand copies of a long answer are joined in no time, and cut."""
        answer = {"cell_type": "markdown", "source": "x" * 20_000, "metadata": {"nbgrader": {"grade_id": "why"}}}
        _, plan = check_plan(raw_of([answer] * conform.MAX_CELLS))
        (why,) = [cell for cell in plan.cells if cell.grade_id == "why"]
        assert len(why.source) <= conform.MAX_SOURCE_CHARS

    def test_of_all_text_is_bounded(self):
        """However the text is spread over cells, what is written again can be read again."""
        cell = {"cell_type": "code", "source": "\x01" * 60_000}
        graded, plan = check_plan(raw_of([cell] * 130))
        assert str(conform.MAX_TEXT_CHARS) in plan.notes[0]
        assert len(nbformat.writes(graded).encode()) < conform.MAX_NOTEBOOK_BYTES


@pytest.fixture(scope="module")
def grade(tmp_path_factory):
    """Grades the bytes of a submission for real: `grade(raw)` returns marks by grade id, and the whole result."""
    root = tmp_path_factory.mktemp("damage")
    source = root / "source" / "short.ipynb"
    source.parent.mkdir()
    nbformat.write(small_course.notebook(), source)
    counts = iter(range(10**9))

    def run(raw: bytes):
        folder = root / "submitted" / str(next(counts))
        folder.mkdir(parents=True)
        (folder / "short.ipynb").write_bytes(raw)
        result = grading.grade(source, folder / "short.ipynb", Limits(cell_s=5.0, notebook_s=30.0))
        return {cell.grade_id: cell.points for cell in result.cells if cell.grade_id in POINTS}, result

    return run


# What leaves the functions of other cells as they are: no hostile code among it.
GENTLE = sorted(set(mutations.MUTATIONS) - {"insert", "noise", "double", "old text", "noise of another kind"})


@st.composite
def damaged_around_add(draw):
    """Draw a solved notebook in which everything but the cell of `add` may be damaged."""
    found = cells(solved=True)
    (own,) = [cell for cell in found if grade_id(cell) == "add"]
    found.remove(own)
    for name in draw(st.lists(st.sampled_from(GENTLE), min_size=1, max_size=6)):
        if found:
            mutations.MUTATIONS[name](draw, found)
    found.insert(draw(st.integers(0, len(found))), own)
    return found


class TestMarks:
    @for_real
    @given(damaged_files(solved=False))
    def test_are_never_gained_by_damage(self, grade, raw):
        """An untouched release earns nothing, whatever else is done to it; every test has a mark and a reason."""
        marks, result = grade(raw)
        assert marks == dict.fromkeys(POINTS, 0.0)
        assert all(cell.mark == "fail" and cell.reason for cell in result.cells if cell.grade_id in POINTS)

    @for_real
    @given(damaged_around_add())
    def test_of_a_sound_cell_stay_whatever_happens_to_the_others(self, grade, found):
        """Damage to one part costs that part; nobody is asked to look."""
        marks, _ = grade(raw_of(found))
        assert (marks["add_small"], marks["add_arrays"]) == (2.0, 3.0)
        assert set(marks.values()) <= {0.0, 1.0, 2.0, 3.0}

    def test_are_given_for_a_value_that_cannot_be_written(self, grade):
        """Half a character in what a test says fails that test, and can be written into a notebook all the same."""
        found = cells(solved=True)
        _cell(found, "limit")["source"] = "limit = '\\ud800'"
        marks, result = grade(raw_of(found))
        assert marks == {**POINTS, "limit_value": 0.0}
        assert all((cell.reason + cell.staff).encode() for cell in result.cells if cell.reason)

    def test_of_the_next_submission_are_its_own(self, grade):
        """After all that, honest work gets what it earns."""
        for text in ("import os; os._exit(3)", "__builtins__.__dict__.clear()"):
            grade(raw_of([{"cell_type": "code", "source": text}]))
        assert grade(raw_of(cells(solved=True)))[0] == POINTS


# Finds the line to the grader, and writes on it whatever it is told in the place of an answer.
FORGE = """
import gc, json, os, struct
from kernelmark.sandbox.server import Server
from kernelmark.wire.channel import Channel
server = next(o for o in gc.get_objects() if isinstance(o, Server))
descriptor = next(o for o in gc.get_objects() if isinstance(o, Channel))._connection.fileno()
def add(a, b):
    for header, sizes, total in json.loads({messages!r}):
        if isinstance(header, dict):
            header["id"] = server._identity
        text = json.dumps([header, sizes]).encode()
        os.write(descriptor, struct.pack("!IQB", len(text), total, 1) + text)
"""
CALLBACK = st.fixed_dictionaries({"callback": st.integers(-1, 1) | JSON}, optional={"args": NODE, "kwargs": NODE})
MESSAGE = st.tuples(REPLY | CALLBACK | JSON, st.lists(st.integers(0, 9), max_size=2), st.integers(0, 9))


class TestForgedAnswers:
    @for_real
    @given(st.lists(MESSAGE, min_size=1, max_size=3))
    def test_cost_the_function_that_gives_them(self, grade, messages):
        """Nonsense on the line fails the tests of that function; the other functions are tested all the same."""
        found = cells(solved=True)
        _cell(found, "add")["source"] = FORGE.format(messages=json.dumps(messages))
        assert grade(raw_of(found))[0] == {**POINTS, "add_small": 0.0, "add_arrays": 0.0}


def _cell(found, name):
    return next(cell for cell in found if grade_id(cell) == name)


def split(found):
    own = _cell(found, "counter")
    second = {**copy.deepcopy(own), "source": "print(Counter().step())"}
    found.insert(found.index(own) + 1, second)


def split_in_two_definitions(found):
    own = _cell(found, "add")
    own["source"] = "def plus(a, b):\n    return a + b"
    found.insert(found.index(own) + 1, {**copy.deepcopy(own), "source": "add = plus"})


def copied_to_the_end(found):
    found.append(copy.deepcopy(_cell(found, "add")))


def rewritten_in_a_new_cell(found):
    own = _cell(found, "add")
    own["metadata"] = {}


def without_tests(found):
    found[:] = [cell for cell in found if grade_id(cell) not in LOCKED]


def without_marks(found):
    for cell in found:
        cell["metadata"] = {}


def without_marks_and_text(found):
    found[:] = [cell for cell in found if cell["cell_type"] == "code"]
    without_marks(found)


def in_reverse(found):
    found.reverse()


def turned_to_text(found):
    _cell(found, "add")["cell_type"] = "markdown"


def with_magics(found):
    for name, magic in (("add", "%%time"), ("counter", "%%capture"), ("limit", "%load_ext autoreload\n%autoreload 2")):
        _cell(found, name)["source"] = f"{magic}\n{_cell(found, name)['source']}"


def with_noise_around(found):
    own = _cell(found, "add")
    lines = ["import warnings, sys", "warnings.warn('look')", "print('x' * 10, file=sys.stderr)", "np.float64(1.0)"]
    own["source"] += "\n" + "\n".join(lines)
    found.insert(found.index(own), {"cell_type": "code", "source": "for i in range(5000): print(i)", "metadata": {}})


def with_cells_that_fail(found):
    for text in ("1/0", "def f(:", "%%bash\nls", "!ls", "%run missing.py", "exit()", "raise SystemExit", "a = \0"):
        found.insert(3, {"cell_type": "code", "source": text, "metadata": {}})


def with_a_reset_at_the_end(found):
    found.append({"cell_type": "code", "source": "%reset -f", "metadata": {}})


def with_outputs_of_nonsense(found):
    for cell in found:
        cell |= {"outputs": [3, {"output_type": "?"}], "execution_count": "many", "id": "the same", "attachments": []}


def of_another_schema(found):
    for cell in found:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"] = {"schema_version": 1, "grade_id": grade_id(cell)}


ACCIDENTS = [
    split, split_in_two_definitions, copied_to_the_end, rewritten_in_a_new_cell, without_tests, without_marks,
    without_marks_and_text, in_reverse, turned_to_text, with_magics, with_noise_around, with_cells_that_fail,
    with_a_reset_at_the_end, with_outputs_of_nonsense, of_another_schema,
]  # fmt: skip


class TestHonestAccidents:
    @pytest.mark.parametrize("accident", ACCIDENTS, ids=lambda f: f.__name__)
    def test_cost_nothing(self, grade, accident):
        """The functions are there and right, so they earn all their marks."""
        found = cells(solved=True)
        accident(found)
        assert grade(raw_of(found))[0] == POINTS

    @pytest.mark.parametrize(
        "encode",
        [
            lambda text: b"\xef\xbb\xbf" + text.encode(),
            lambda text: text.encode("utf-16"),
            lambda text: text.encode("utf-16-be"),
            lambda text: text.encode("latin-1"),
            lambda text: text.encode().replace(b"\xc3\xa9", b"\xff"),
        ],
        ids=["mark", "utf-16", "utf-16-be", "latin-1", "one bad byte"],
    )
    def test_of_the_encoding_cost_the_characters_that_are_lost(self, encode):
        """A file saved by another editor is read; a comment may lose an accent."""
        found = cells(solved=True)
        _cell(found, "limit")["source"] = "limit = 12  # décidé"
        _, plan = check_plan(encode(json.dumps({"cells": found}, ensure_ascii=False)))
        texts = {cell.grade_id: cell.source for cell in plan.cells}
        assert texts["add"] == SOLVED["add"]
        assert texts["limit"].startswith("limit = 12  # d")

    def test_of_an_older_tool_cost_nothing(self, grade):
        """Version 3 keeps cells in worksheets and text in "input"; version 4.4 has no cell ids."""
        found = cells(solved=True)
        for cell in found:
            del cell["id"]
        assert grade(raw_of(found))[0] == POINTS
        old = [{("input" if k == "source" else k): v for k, v in cell.items()} for cell in found]
        assert grade(raw_of({"worksheets": [{"cells": old}], "nbformat": 3}))[0] == POINTS

    @pytest.mark.parametrize("name", ["add", "counter", "limit"])
    def test_of_deleting_a_cell_cost_its_own_marks(self, grade, name):
        """The other parts keep theirs, and the reason says that nothing is there."""
        found = [cell for cell in cells(solved=True) if grade_id(cell) != name]
        marks, _ = grade(raw_of(found))
        assert marks == {test: 0.0 if NEEDS[test] == name else points for test, points in POINTS.items()}


class TestNbgrader:
    @pytest.mark.parametrize(
        "raw",
        [
            b"", b"\0" * 99, b"[" * 100_000, b'{"cells":' * 20_000, b'{"cells":[{}]}',
            b'{"cells":[{"cell_type":"code"}]}', b'{"cells":[],"cells":{}}',
            b'{"cells":[{"source":NaN,"metadata":-Infinity}]}', b'{"cells":[9' + b"9" * 9999,
            b'{"cells":[{"source":["\\ud800"],"cell_type":"code"}]}', '{"cells":[]}'.encode("utf-16"),
            b"\xed\xa0\x80",
        ],
        ids=range(12),
    )  # fmt: skip
    def test_reads_any_bytes(self, tmp_path, raw):
        """nbgrader's own first step ends, and what it hands on can be written."""
        path = tmp_path / "short.ipynb"
        path.write_bytes(raw)
        text, _ = SubmissionExporter().from_filename(str(path))
        assert json.loads(text.encode())["nbformat"] == 4

    @pytest.mark.slow
    def test_marks_everybody_in_a_class_of_damaged_work(self, tmp_path):
        """Values and names that cannot be written, odd encodings, no cells: everybody has a mark."""
        root = small_course.write_course(tmp_path)
        half = cells(solved=True)
        _cell(half, "limit")["source"] = "limit = '\\ud800'"
        work = {
            "good": raw_of(cells(solved=True)),
            "half": raw_of(half),
            "wide": json.dumps({"cells": cells(solved=True)}).encode("utf-16"),
        }
        for student, raw in work.items():
            folder = root / "submitted" / student / "short"
            folder.mkdir(parents=True)
            (folder / "short.ipynb").write_bytes(raw)
            (folder / os.fsdecode(b"\xff\n--bind .")).write_bytes(b"")
        place = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        for words in (["generate_assignment", "short"], ["autograde", "short"]):
            command = [sys.executable, "-m", "nbgrader", *words]
            done = subprocess.run(command, cwd=root, env={**os.environ, "PATH": place}, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
            scores = {s.student.id: s.score for s in book.assignment_submissions("short")}
        assert scores == {"good": 8.0, "half": 7.0, "wide": 8.0}


# Options of bubblewrap, and how many words each takes; a name that became an option would not be found in its place.
TAKES = {
    "--die-with-parent": 0, "--new-session": 0, "--info-fd": 1, "--unshare-pid": 0, "--unshare-net": 0,
    "--unshare-ipc": 0, "--unshare-uts": 0, "--unshare-cgroup-try": 0, "--unshare-user": 0, "--disable-userns": 0,
    "--cap-drop": 1, "--cap-add": 1, "--hostname": 1, "--clearenv": 0, "--seccomp": 1, "--setenv": 2, "--perms": 1,
    "--size": 1, "--dir": 1, "--tmpfs": 1, "--ro-bind": 2, "--ro-bind-try": 2, "--symlink": 2, "--proc": 1,
    "--dev": 1, "--remount-ro": 1, "--chdir": 1,
}  # fmt: skip
ODD_NAMES = [
    "--bind", "--bind .", "--", "-", "a\n--bind\n", " ", "~", "$HOME", "`id`", "%s", "..a", "a..", "\u202egpj.exe",
    "é" * 100, "a" * 255, "--ro-bind", "numpy.py", os.fsdecode(b"\xff\xfe"),
]  # fmt: skip
NAME = st.sampled_from(ODD_NAMES) | st.text(min_size=1, max_size=60)
NO_NAMES = ["", ".", "..", "/", "/etc", "../x", "a/../../x", "a/b", "a\0b", "./x"]


def operations(files, drop_to):
    """Return the argument list as (option, words) pairs, and the command; fails where it is no such list."""
    words = bubblewrap_arguments(
        ["python"], Limits(), {"LANG": "C"}, prefixes=["/opt/python"], package="/srv/kernelmark", files=files, links={},
        status_fd=7, drop_to=drop_to, filter_fd=8,
    )[1:]  # fmt: skip
    found = []
    while words[0] != "--":
        count = TAKES[words[0]]
        found.append((words[0], tuple(words[1 : 1 + count])))
        words = words[1 + count :]
    return found, words[1:]


class TestArguments:
    @given(st.dictionaries(NAME, NAME.map("/srv/in/{}".format), max_size=4), st.sampled_from([None, 60600]))
    def test_bind_each_file_under_its_own_name_and_nothing_else(self, files, drop_to):
        """Whatever a file is called, it is shown read-only beside the notebook, and changes no other word."""
        files = {name: path for name, path in files.items() if not set("/\0") & set(name) and name not in (".", "..")}
        found, command = operations(files, drop_to)
        plain, plain_command = operations({}, drop_to)
        own = [("--ro-bind", (path, f"{HOME}/{name}")) for name, path in files.items()]
        assert [operation for operation in found if operation not in own] == plain
        assert [operation for operation in found if operation in own] == own
        assert command == plain_command

    @pytest.mark.parametrize("name", NO_NAMES)
    def test_refuse_what_is_no_name(self, name):
        """A name that leads elsewhere comes from no folder; nothing is bound for it."""
        with pytest.raises(ValueError, match="name of a file"):
            operations({name: "/srv/in/x"}, None)

    def test_show_odd_files_inside_as_they_are(self, tmp_path):
        """Files of every odd name are there in the sandbox, readable, and cost no marks."""
        source = tmp_path / "source" / "short.ipynb"
        source.parent.mkdir()
        nbformat.write(small_course.notebook(), source)
        folder = tmp_path / "submitted"
        folder.mkdir()
        names = [name for name in ODD_NAMES if len(os.fsencode(name)) <= 255]
        for name in names:
            (folder / name).write_text("raise SystemExit")
        expected = sorted(ascii(name) for name in names)
        found = cells(solved=True)
        look = f"import os\nassert sorted(map(ascii, os.listdir())) == {expected}\nassert open('--').read()\n"
        _cell(found, "add")["source"] = look + SOLVED["add"]
        (folder / "short.ipynb").write_bytes(raw_of(found))
        result = grading.grade(source, folder / "short.ipynb")
        assert {cell.grade_id: cell.points for cell in result.cells if cell.grade_id in POINTS} == POINTS


class TestOwnFiles:
    def test_of_any_size_and_depth_are_soon_looked_through(self, tmp_path):
        """A terabyte of nothing, folders without end, a pipe, and a name that is no text: all have a fingerprint."""
        with open(tmp_path / "huge", "wb") as file:
            file.truncate(2**40)
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / os.fsdecode(b"\xff")).write_bytes(b"x")
        here = os.open(tmp_path, os.O_RDONLY)
        for _ in range(600):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(here)
        plan = COURSE.plan(*read_submission(raw_of(cells(solved=True))))[1]
        first = grading._submission_sha256(plan, grading.own_files(tmp_path))
        assert first == grading._submission_sha256(plan, grading.own_files(tmp_path))
        (tmp_path / "d" / "new").write_bytes(b"")
        assert first != grading._submission_sha256(plan, grading.own_files(tmp_path))
