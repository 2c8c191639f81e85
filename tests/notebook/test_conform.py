"""Which cells are graded, in which order, with whose text: the instructor decides, whatever was handed in."""

import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelmark.errors import CourseError
from kernelmark.notebook import conform
from kernelmark.notebook.cells import Plan, claim_of, defined_names, hidden_lines, without_hidden_lines
from kernelmark.notebook.conform import MAX_NOTEBOOK_BYTES, Course, read_submission

ADD = "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION"
SCALE = "def scale(a):\n    ### BEGIN SOLUTION\n    return 2 * a\n    ### END SOLUTION"
TEST_ADD = (
    '"""add adds."""\nassert add(1, 2) == 3\n### BEGIN HIDDEN TESTS\nassert add(5, 7) == 12\n### END HIDDEN TESTS'
)
TEST_SCALE = '"""scale doubles."""\nassert scale(2) == 4'
ANSWER = "### BEGIN SOLUTION\nBecause of the cache.\n### END SOLUTION"

GRADED = ["setup", "add", "test_add", "scale", "test_scale", "why"]


def cell(kind, source, grade_id="", *, grade=False, solution=False, locked=False, points=None):
    """Return a notebook cell with nbgrader's marks, or a plain one without a grade id."""
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    node = make(source)
    if grade_id:
        node.metadata["nbgrader"] = {
            "schema_version": 3, "grade_id": grade_id, "grade": grade, "solution": solution, "locked": locked,
            "task": False, **({} if points is None else {"points": points}),
        }  # fmt: skip
    return node


def instructors_cells():
    return [
        cell("markdown", "# Adding"),
        cell("code", "import numpy as np", "setup", locked=True),
        cell("code", ADD, "add", solution=True),
        cell("code", TEST_ADD, "test_add", grade=True, locked=True, points=3),
        cell("code", SCALE, "scale", solution=True),
        cell("code", TEST_SCALE, "test_scale", grade=True, locked=True, points=2),
        cell("markdown", ANSWER, "why", grade=True, solution=True, points=4),
    ]


def notebook(cells):
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture
def course():
    return Course(notebook(instructors_cells()))


@pytest.fixture
def handed_in(course):
    """Return the cells of a released notebook in which the student has written solutions."""
    cells = json.loads(nbformat.writes(course.released))["cells"]
    for item in cells:
        texts = {
            "add": "def add(a, b): return b + a",
            "scale": "def scale(a): return a + a",
            "why": "It hits the cache.",
        }
        grade_id = item["metadata"].get("nbgrader", {}).get("grade_id")
        item["source"] = texts.get(grade_id, item["source"])
    return cells


def planned(course, cells):
    """Hand in these cells as JSON; return the notebook to be graded and its plan."""
    raw = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    return course.plan(*read_submission(raw))


def find(cells, grade_id):
    return next(item for item in cells if item["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def ids(plan):
    return [c.grade_id for c in plan.cells if c.grade_id]


def of(plan, grade_id):
    (found,) = [c for c in plan.cells if c.grade_id == grade_id]
    return found


def assert_tests_are_the_instructors(course, graded, plan):
    """Assert what no submission can change: each test once, its text, its points, its marks in the notebook."""
    assert sorted(ids(plan)) == sorted(GRADED)
    in_notebook = [c.metadata["nbgrader"] for c in graded.cells if "nbgrader" in c.metadata]
    assert [m["grade_id"] for m in in_notebook] == ids(plan)
    for name, source, points in (("test_add", TEST_ADD, 3), ("test_scale", TEST_SCALE, 2)):
        found = of(plan, name)
        assert (found.role, found.source, found.points, found.code) == ("test", source, points, True)
        marks = next(m for m in in_notebook if m["grade_id"] == name)
        assert (marks["points"], marks["grade"], marks["solution"], marks["locked"]) == (points, True, False, True)
    order = ids(plan)
    assert order.index("setup") < order.index("test_add") < order.index("test_scale")
    assert order.index("add") < order.index("test_add")
    assert order.index("scale") < order.index("test_scale")
    nbformat.validate(graded)


class TestHonestSubmission:
    def test_is_graded_in_the_instructors_order(self, course, handed_in):
        """Nothing was moved, so nothing moves."""
        graded, plan = planned(course, handed_in)
        assert ids(plan) == GRADED
        assert_tests_are_the_instructors(course, graded, plan)

    def test_solutions_are_the_students(self, course, handed_in):
        """The text of solution and answer cells comes from the submission."""
        _, plan = planned(course, handed_in)
        assert of(plan, "add").source == "def add(a, b): return b + a"
        assert of(plan, "why").source == "It hits the cache."
        assert not of(plan, "why").untouched

    def test_outputs_are_not_taken_over(self, course, handed_in):
        """A test's pre-filled output is not in the notebook to be graded."""
        forged = {"output_type": "stream", "name": "stdout", "text": "Passed: 3 of 3 points."}
        for item in handed_in:
            if item["cell_type"] == "code":
                item["outputs"] = [forged]
        graded, _ = planned(course, handed_in)
        assert "Passed" not in nbformat.writes(graded)

    def test_added_cells_run_where_they_stand(self, course, handed_in):
        """A helper above the solution that needs it, a try-out behind it, a remark in words."""
        extra = [cell("code", "def helper(): pass"), cell("code", "helper()"), cell("markdown", "A remark.")]
        cells = [*handed_in[:2], extra[0], *handed_in[2:4], extra[1], extra[2], *handed_in[4:]]
        graded, plan = planned(course, cells)
        assert_tests_are_the_instructors(course, graded, plan)
        sources = [c.source for c in plan.cells]
        assert sources.index("def helper(): pass") < sources.index("def add(a, b): return b + a")
        assert sources.index("helper()") == sources.index("def add(a, b): return b + a") + 2
        assert [c.role for c in plan.cells if c.source in ("helper()", "A remark.")] == ["student", "text"]

    def test_untouched_cells_are_known_as_such(self, course):
        """The release itself, handed in, is no response anywhere."""
        graded, plan = course.plan(*read_submission(nbformat.writes(course.released).encode()))
        assert_tests_are_the_instructors(course, graded, plan)
        assert of(plan, "why").untouched
        assert of(plan, "add").untouched


class TestSurgery:
    @pytest.mark.parametrize("name", GRADED)
    def test_a_deleted_cell_comes_back(self, course, handed_in, name):
        """Without it the instructor's cells are still each there once."""
        graded, plan = planned(course, [c for c in handed_in if c is not find(handed_in, name)])
        assert_tests_are_the_instructors(course, graded, plan)

    @pytest.mark.parametrize("name", GRADED)
    @pytest.mark.parametrize("place", [0, -1])
    def test_a_duplicated_cell_is_graded_once(self, course, handed_in, name, place):
        """A copy at the beginning or the end doubles nothing."""
        copy = json.loads(json.dumps(find(handed_in, name)))
        handed_in.insert(place if place == 0 else len(handed_in), copy)
        graded, plan = planned(course, handed_in)
        assert_tests_are_the_instructors(course, graded, plan)

    @pytest.mark.parametrize("name", GRADED)
    def test_a_retyped_cell_gets_its_type_back(self, course, handed_in, name):
        """Code made text, text made code or raw: the instructor's type counts."""
        for kind in ("markdown", "raw", "code"):
            find(handed_in, name)["cell_type"] = kind
            graded, plan = planned(course, handed_in)
            assert_tests_are_the_instructors(course, graded, plan)
            assert of(plan, name).code == (name != "why")

    @pytest.mark.parametrize(
        "marks",
        [
            {"grade": False}, {"solution": True}, {"locked": False}, {"points": 100}, {"points": 0},
            {"schema_version": 1},
            {"task": True}, {"checksum": "0"}, {"grade": "yes", "points": "many"},
        ],
    )  # fmt: skip
    def test_changed_marks_change_nothing(self, course, handed_in, marks):
        """Points, grade, solution, lock and schema are read from the instructor's notebook."""
        for item in handed_in:
            if "nbgrader" in item["metadata"]:
                item["metadata"]["nbgrader"].update(marks)
        assert_tests_are_the_instructors(course, *planned(course, handed_in))

    @pytest.mark.parametrize("tag", ["skip-execution", "raises-exception", "remove_cell"])
    def test_tags_are_not_taken_over(self, course, handed_in, tag):
        """A tag that makes another tool skip a test does not reach the graded notebook."""
        for item in handed_in:
            item["metadata"]["tags"] = [tag]
        graded, plan = planned(course, handed_in)
        assert_tests_are_the_instructors(course, graded, plan)
        assert tag not in nbformat.writes(graded)

    def test_edited_tests_are_not_used(self, course, handed_in):
        """The text of a test is the instructor's, hidden lines included."""
        find(handed_in, "test_add")["source"] = "assert True"
        graded, plan = planned(course, handed_in)
        assert_tests_are_the_instructors(course, graded, plan)
        assert "assert True" not in nbformat.writes(graded)

    def test_a_test_moved_to_the_front_waits_for_what_it_tests(self, course, handed_in):
        """It runs after the solution cells that precede it in the instructor's notebook."""
        test = find(handed_in, "test_scale")
        handed_in.remove(test)
        graded, plan = planned(course, [test, *handed_in])
        assert_tests_are_the_instructors(course, graded, plan)

    def test_reversed_cells_are_graded_in_order(self, course, handed_in):
        """Everything upside down: set-up before tests, solutions before their tests, tests in order."""
        assert_tests_are_the_instructors(course, *planned(course, handed_in[::-1]))

    def test_a_solution_written_at_the_end_is_tested_after_it(self, course, handed_in):
        """A student who moves a cell down is graded with it."""
        solution = find(handed_in, "add")
        handed_in.remove(solution)
        graded, plan = planned(course, [*handed_in, solution])
        assert_tests_are_the_instructors(course, graded, plan)

    def test_a_split_solution_runs_in_both_halves(self, course, handed_in):
        """JupyterLab's "Split cell" doubles the grade id; both halves run, the tests come after the second."""
        first = find(handed_in, "add")
        second = json.loads(json.dumps(first))
        first["source"], second["source"] = "def add(a, b):\n    return b + a", "print(add(1, 2))"
        handed_in.insert(handed_in.index(first) + 1, second)
        graded, plan = planned(course, handed_in)
        assert_tests_are_the_instructors(course, graded, plan)
        sources = [c.source for c in plan.cells]
        at = sources.index(first["source"])
        assert sources[at : at + 2] == [first["source"], second["source"]]
        assert plan.cells[at + 1].role == "student"

    def test_a_split_answer_is_joined(self, course, handed_in):
        """Whoever marks the answer reads both halves as one."""
        first = find(handed_in, "why")
        second = {**json.loads(json.dumps(first)), "source": "And of the pages."}
        graded, plan = planned(course, [*handed_in, second])
        assert_tests_are_the_instructors(course, graded, plan)
        assert of(plan, "why").source == "It hits the cache.\n\nAnd of the pages."

    def test_a_missing_answer_is_no_response(self, course, handed_in):
        """A deleted answer comes back untouched, so it scores nothing without a person."""
        _, plan = planned(course, [c for c in handed_in if c is not find(handed_in, "why")])
        assert of(plan, "why").untouched

    def test_a_missing_solution_comes_back_as_released_with_a_note(self, course, handed_in):
        """The student sees that the cell was missing, and never the instructor's solution."""
        graded, plan = planned(course, [c for c in handed_in if c is not find(handed_in, "add")])
        assert "missing from the submission" in of(plan, "add").source
        assert "return a + b" not in nbformat.writes(graded)

    def test_a_foreign_grade_id_is_a_plain_cell(self, course, handed_in):
        """A test the student invents is worth nothing."""
        own = cell("code", "assert True", "my_test", grade=True, locked=True, points=100)
        graded, plan = planned(course, [*handed_in, own])
        assert_tests_are_the_instructors(course, graded, plan)
        assert plan.cells[-1].role == "student"

    @given(order=st.permutations(range(7)), doubled=st.lists(st.integers(0, 6)), lost=st.sets(st.integers(0, 6)))
    def test_any_shuffling_keeps_the_instructors_tests(self, order, doubled, lost):
        """Cells in any order, any of them doubled or lost."""
        course = Course(notebook(instructors_cells()))
        released = json.loads(nbformat.writes(course.released))["cells"]
        cells = [released[i] for i in (*order, *doubled) if i not in lost]
        assert_tests_are_the_instructors(course, *planned(course, cells))


class TestChildProcesses:
    @pytest.mark.parametrize(
        ("said", "allowed"),
        [({}, False), ({"allow_child_processes": False}, False), ({"allow_child_processes": True}, True)],
    )
    def test_are_allowed_by_the_instructors_metadata(self, said, allowed):
        """One assignment may ask for what the others do without."""
        source = notebook(instructors_cells())
        source.metadata["kernelmark"] = said
        assert Course(source).allows_children is allowed
        assert Course(notebook(instructors_cells())).allows_children is False

    def test_are_not_allowed_by_a_submissions_metadata(self, course, handed_in):
        """What a submission says of itself is not read, and is not in the notebook to be graded."""
        own = {"kernelmark": {"allow_child_processes": True}}
        raw = json.dumps({"cells": handed_in, "metadata": own, "nbformat": 4, "nbformat_minor": 5}).encode()
        graded, _ = course.plan(*read_submission(raw))
        assert "kernelmark" not in graded.metadata
        assert course.allows_children is False

    @pytest.mark.parametrize(
        "said",
        [{"allow_child_process": True}, {"allow_child_processes": "yes"}, {"allow_child_processes": 1}, True, []],
    )
    def test_are_asked_for_in_one_way_only(self, said):
        """A slip of the pen is an error, not a permission, nor a silent refusal."""
        source = notebook(instructors_cells())
        source.metadata["kernelmark"] = said
        with pytest.raises(CourseError, match="allow_child_processes"):
            Course(source)

    def test_exclude_speed_points(self):
        """The CPU time of a child is counted by nobody, so such a notebook may not judge speed."""
        cells = instructors_cells()
        find(cells, "test_add")["source"] += "\nfaster(add, than=add, inputs=list, expect=add, steps={2: 3})"
        source = notebook(cells)
        assert Course(source)
        source.metadata["kernelmark"] = {"allow_child_processes": True}
        with pytest.raises(CourseError, match="test_add judges speed"):
            Course(source)


class TestJunk:
    @pytest.mark.parametrize(
        "raw",
        [
            b"", b"not json", b"{", b"[]", b"3", b"null", b'"cells"', b"{}", b'{"cells": 3}', b'{"cells": {}}',
            b"\xff\xfe\x00",
            b'{"cells": [', b"[" * 100_000, b"\x00" * 100, b"<html></html>", b"9" * 10_000,
        ],
        ids=range(16),
    )  # fmt: skip
    def test_is_read_as_an_empty_notebook_with_a_note(self, course, raw):
        """A file that is no notebook is graded all the same, and says why there is nothing."""
        graded, plan = course.plan(*read_submission(raw))
        assert_tests_are_the_instructors(course, graded, plan)
        assert "not a notebook" in plan.notes[0]
        assert "not a notebook" in graded.cells[0].source

    def test_a_huge_file_is_not_parsed(self):
        """Beyond 50 MiB nothing is read but the size."""
        submission, notes = read_submission(b" " * (MAX_NOTEBOOK_BYTES + 1))
        assert submission.cells == []
        assert str(MAX_NOTEBOOK_BYTES) in notes[0]

    def test_thousands_of_cells_are_cut_with_a_note(self, course):
        """The tests run whatever is beyond the bound."""
        cells = [cell("code", "1")] * (conform.MAX_CELLS + 1)
        graded, plan = planned(course, cells)
        assert_tests_are_the_instructors(course, graded, plan)
        assert str(conform.MAX_CELLS) in plan.notes[0]

    @pytest.mark.parametrize(
        "junk",
        [
            3, None, [], {}, "text", {"cell_type": []}, {"cell_type": "code"}, {"cell_type": "code", "source": 3},
            {"cell_type": "code", "source": [3, None, "x = 1"]}, {"source": "x", "metadata": 3},
            {"source": "x", "metadata": {"nbgrader": []}},
            {"source": "x", "metadata": {"nbgrader": {"grade_id": ["add"]}}},
            {"cell_type": "code", "source": "s = '\ud800'"}, {"cell_type": "markdown", "source": "a", "attachments": 7},
        ],
        ids=range(14),
    )  # fmt: skip
    def test_a_cell_that_is_none_spoils_nothing(self, course, handed_in, junk):
        """Beside it, the rest of the notebook is graded as ever, and can be written to a file."""
        graded, plan = planned(course, [junk, *handed_in, junk])
        assert_tests_are_the_instructors(course, graded, plan)
        assert of(plan, "add").source == "def add(a, b): return b + a"
        nbformat.writes(graded).encode()

    def test_a_notebook_of_an_older_schema_is_read(self, course, handed_in):
        """Version 3 keeps its cells in worksheets and their text in "input"."""
        old = [{("input" if k == "source" else k): v for k, v in item.items()} for item in handed_in]
        raw = json.dumps({"worksheets": [{"cells": old[:3]}, {"cells": old[3:]}], "nbformat": 3}).encode()
        _, plan = course.plan(*read_submission(raw))
        assert of(plan, "scale").source == "def scale(a): return a + a"

    def test_a_byte_order_mark_is_no_fault(self, course, handed_in):
        """Some editors on Windows write one."""
        submission, notes = read_submission(b"\xef\xbb\xbf" + json.dumps({"cells": handed_in}).encode())
        assert notes == []
        assert len(submission.cells) == len(handed_in)

    def test_sources_as_lists_of_lines_are_joined(self, course, handed_in):
        """The form in which Jupyter itself saves."""
        find(handed_in, "add")["source"] = ["def add(a, b):\n", "    return 7"]
        _, plan = planned(course, handed_in)
        assert of(plan, "add").source == "def add(a, b):\n    return 7"


class TestCourse:
    def test_release_holds_no_solution(self, course):
        """What students get has neither the solution nor the answer."""
        text = nbformat.writes(course.released)
        assert "return a + b" not in text
        assert "Because of the cache" not in text

    def test_names_are_those_the_solutions_define(self, course):
        """These become proxies in the judge; set-up and tests define none of them."""
        assert course.names == {"add": ["add"], "scale": ["scale"]}

    def test_roles_follow_the_marks(self, course):
        """Locked is set-up, graded is a test, both is an answer, the rest is the student's or text."""
        assert [c.role for c in course.cells] == ["text", "setup", "student", "test", "student", "test", "answer"]

    def test_claim_of_a_test_is_its_docstring(self, course):
        """The property in the instructor's words."""
        _, plan = course.plan(notebook([]))
        assert of(plan, "test_add").claim == "add adds."

    def test_solution_to_be_run_as_reference_is_whole(self, course):
        """The plan carries the instructor's own cells for the reference process, and no tests."""
        _, plan = course.plan(notebook([]))
        assert [c.source for c in plan.solution] == ["import numpy as np", ADD, SCALE, ANSWER]

    def test_a_demonstration_is_no_part_of_the_reference(self, handed_in):
        """The instructor's tag leaves a plain cell out, with its own words or without; a student's copy of it runs."""
        cells = instructors_cells()
        cells[3:3] = [cell("code", "slow()"), cell("code", "helper = 1")]
        cells[3].metadata["tags"] = ["demonstration", "wide"]
        plan = planned(Course(notebook(cells)), [*handed_in, cell("code", "slow()")])[1]
        assert [c.source for c in plan.solution if not c.grade_id] == ["helper = 1"]
        assert [c.source for c in plan.cells if c.role == "student" and not c.grade_id] == ["slow()"]

    def test_a_submissions_tag_leaves_nothing_out(self, course, handed_in):
        """Who hands in a notebook does not decide what the reference runs."""
        for item in handed_in:
            item["metadata"]["tags"] = ["demonstration"]
        assert planned(course, handed_in)[1].solution == course.solution

    @pytest.mark.parametrize("name", ["setup", "add", "test_add", "why"])
    def test_what_has_a_grade_id_is_no_demonstration(self, name):
        """Set-up, solutions, tests and answers always run; the message names the cell."""
        cells = instructors_cells()
        next(c for c in cells if c.metadata.get("nbgrader", {}).get("grade_id") == name).metadata["tags"] = [
            "demonstration"
        ]
        with pytest.raises(CourseError, match=f"{name} has a grade id"):
            Course(notebook(cells))

    def test_a_solution_that_is_no_python_is_the_courses_fault(self):
        """Nobody is marked by a notebook whose own solution has a syntax error."""
        with pytest.raises(CourseError, match="no Python"):
            Course(notebook([cell("code", "### BEGIN SOLUTION\ndef f(:\n### END SOLUTION", "f", solution=True)]))

    def test_plan_survives_json(self, course, handed_in):
        """It is sent to the judge as text and arrives as it was."""
        _, plan = planned(course, handed_in)
        assert Plan.from_json(plan.to_json()) == plan


class TestDefinedNames:
    @pytest.mark.parametrize(
        ("source", "names"),
        [
            ("def f(): inner = 1", {"f"}),
            ("class A:\n    x = 1", {"A"}),
            ("x = y = 1; a, (b, *c) = 1, (2, 3)", {"x", "y", "a", "b", "c"}),
            ("import os\nfrom sys import path as p", set()),
            ("for i in range(3): j = i", {"i", "j"}),
            ("x: int = 3", {"x"}),
            ("x += 1", {"x"}),
            ("with open('f') as handle: pass", {"handle"}),
            ("(n := 3)", {"n"}),
            ("if True:\n    def f(): pass\nelse:\n    g = 1", {"f", "g"}),
            ("print(unknown)", set()),
            ("%matplotlib inline\n!ls\nx = 1", {"x"}),
            ("@decorator\nasync def f(): pass", {"f"}),
            ("", set()),
        ],
    )
    def test_are_those_of_the_top_level(self, source, names):
        """Functions, classes and values; imports and inner names are none."""
        assert defined_names([source]) == names

    def test_of_several_cells_are_joined(self):
        """Names of all solution cells together."""
        assert defined_names(["a = 1", "def b(): pass"]) == {"a", "b"}


class TestHiddenLines:
    def test_are_the_markers_and_what_lies_between(self):
        """Lines are counted from 1, as tracebacks count them."""
        assert hidden_lines(TEST_ADD) == (3, 4, 5)

    def test_may_be_several_blocks_or_open_at_the_end(self):
        """A block without an end hides the rest."""
        assert hidden_lines("a\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\nc\n### BEGIN HIDDEN TESTS\nd") == (
            2,
            3,
            4,
            6,
            7,
        )

    def test_students_see_the_rest(self):
        """The visible text has none of the hidden lines."""
        assert without_hidden_lines(TEST_ADD) == '"""add adds."""\nassert add(1, 2) == 3'

    def test_a_claim_of_no_python_is_empty(self):
        """A test cell with a syntax error has no docstring, and that alone breaks nothing."""
        assert claim_of('"""x"""\nassert (') == ""
