"""`kernelmark audit`: what the tests of a short notebook let through is found, and the input that it names shows it."""

import json
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from kernelmark.__main__ import main
from kernelmark.authoring import accepted
from kernelmark.authoring.audit import Audit, Wanted, audit
from kernelmark.errors import CourseError
from tests import small_course
from tests.small_course import graded_cell

CONTRACT = """**Contract.** `head(values, n)`

* The first n values, in a new array.
* `ValueError` if n is below 0.
"""
HEAD = (
    "def head(values, n):\n    ### BEGIN SOLUTION\n    if n < 0:\n        raise ValueError(n)\n"
    "    return values[:n].copy()\n    ### END SOLUTION"
)
VALUES = 'close(head(np.arange(4.0), 2), np.array([0.0, 1.0]), what="head")'
REFUSES = "with raises(ValueError):\n    head(np.arange(4.0), -1)"
EDGES = 'close(head(np.arange(4.0), 0), np.zeros(0), what="head of none")'
COUNT = (
    "def count(n):\n    ### BEGIN SOLUTION\n    done = 0\n    while n > 0:\n        n -= 1\n        done += 1\n"
    "    return done\n    ### END SOLUTION"
)
TOTAL = (
    "def total(values):\n    ### BEGIN SOLUTION\n    found = 0\n    for value in sorted(values):\n"
    "        found += value\n    return found\n    ### END SOLUTION"
)
ONE_MORE = "def one_more(x):\n    ### BEGIN SOLUTION\n    y = x.copy()\n    y += 1\n    return y\n    ### END SOLUTION"
# Passes for whoever asks first; the referee asks again where an argument was overwritten.
ONCE = "np.__all__.append('asked')\nassert np.__all__.count('asked') <= 2\nassert one_more(np.zeros(2))[0] == 1.0"


def course(root: Path, *cells: tuple[str, str], contract: bool = True) -> Path:
    """Write a course of one notebook: solutions and tests by name, in order."""
    made = [graded_cell("setup", small_course.SETUP, locked=True)]
    if contract:
        made.insert(0, nbformat.v4.new_markdown_cell(CONTRACT))
    for name, text in cells:
        solution = "BEGIN SOLUTION" in text
        made.append(
            graded_cell(name, text, solution=True)
            if solution
            else graded_cell(name, text, grade=True, locked=True, points=1)
        )
    notebook = nbformat.v4.new_notebook(cells=made, metadata=small_course.notebook().metadata)
    (root / "source" / "short").mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, root / "source" / "short" / "short.ipynb")
    return root


def audited(root: Path, **wanted) -> Audit:
    (found,) = audit(Wanted("short", jobs=2, **wanted), root, lambda _: None)
    return found


def added(found: Audit, kind: str) -> set[str]:
    """The changed lines of the survivors of a kind."""
    return {each.mutant.changed[1] for each in found.survivors() if each.comparison.kind == kind}


@pytest.fixture(scope="module")
def holes(tmp_path_factory) -> tuple[Path, Audit]:
    """A course whose tests ask neither n = 0 nor for a copy, and its audit."""
    root = course(tmp_path_factory.mktemp("holes"), ("head", HEAD), ("values", VALUES), ("refuses", REFUSES))
    return root, audited(root)


class TestHoles:
    def test_missing_boundary_is_found_and_is_wrong(self, holes):
        """`n <= 0` passes tests that never ask for no values, and is called wrong."""
        assert {"if n <= 0:", "return values[:n]"} <= added(holes[1], "wrong")

    def test_input_that_is_named_shows_a_difference(self, holes):
        """The expression runs as it stands, and solution and survivor answer differently."""
        (each,) = [s for s in holes[1].survivors() if s.mutant.changed[1] == "if n <= 0:"]
        answers = []
        for source in (HEAD, each.mutant.source):
            space = {"np": np}
            exec(source, space)
            try:
                answers.append(("value", eval(each.comparison.input, space).shape))
            except ValueError:
                answers.append(("ValueError", ()))
        assert answers[0] != answers[1]

    def test_survivor_stands_beside_its_contract(self, holes):
        """The items of the contract that names the function come with it."""
        assert {item.text for item in holes[1].survivors()[0].items} >= {"`ValueError` if n is below 0."}

    def test_second_run_knows_all_outcomes(self, holes):
        """Nothing is graded again where nothing changed, and the same is found."""
        again = audited(holes[0])
        assert [score.kept for score in again.scores] == [score.mutants for score in again.scores]
        assert [s.mutant for s in again.survivors()] == [s.mutant for s in holes[1].survivors()]

    def test_added_test_closes_it(self, holes, tmp_path):
        """With the test that was missing, the mutant is caught."""
        root = course(tmp_path, ("head", HEAD), ("values", VALUES), ("refuses", REFUSES), ("edges", EDGES))
        assert "if n <= 0:" not in {s.mutant.changed[1] for s in audited(root).survivors()}


def test_spoiled_cache_is_none(tmp_path):
    """What cannot be read is worked out again."""
    root = course(
        tmp_path, ("limit", "### BEGIN SOLUTION\nlimit = 12\n### END SOLUTION"), ("asks", "assert limit > 11")
    )
    first = audited(root)
    (path,) = (root / ".kernelmark" / "audit").rglob("*.json")
    path.write_text("{'no json")
    again = audited(root)
    assert again.scores[0].kept == 0
    assert [s.mutant for s in again.survivors()] == [s.mutant for s in first.survivors()]


def test_endless_mutant_is_caught(tmp_path):
    """One that never ends is stopped, and counts as caught: the audit ends."""
    root = course(tmp_path, ("count", COUNT), ("three", "assert count(3) == 3"), contract=False)
    found = audited(root)
    assert "n -= 0" not in {s.mutant.changed[1] for s in found.survivors()}
    assert found.scores[0].untried == 0


class TestAccepted:
    CELLS = (("total", TOTAL), ("sums", "assert total([3, 1, 2]) == 6"), ("none", "assert total([]) == 0"))

    def test_equivalent_is_the_same_and_can_be_accepted(self, tmp_path):
        """A sum in another order is the same on whole numbers; with an entry and a reason it is reported no more."""
        root = course(tmp_path, *self.CELLS, contract=False)
        (each,) = [s for s in audited(root).survivors() if "in values:" in s.mutant.changed[1]]
        assert each.comparison.kind in ("same", "rounds")
        place = accepted.place(root, "short")
        place.parent.mkdir()
        place.write_text(accepted.entry(each.mutant, "A sum of whole numbers has no order."))
        again = audited(root)
        assert again.scores[0].accepted == 1
        assert each.mutant not in [s.mutant for s in again.survivors()]
        assert again.unused == []

    def test_entry_that_matches_nothing_is_told(self, tmp_path):
        """An entry outlives the line that it accepts no longer than until the next audit."""
        root = course(tmp_path, ("head", HEAD), ("values", VALUES))
        place = accepted.place(root, "short")
        place.parent.mkdir()
        place.write_text('[[equivalent]]\nfunction = "head"\nremoved = "a"\nadded = "b"\nreason = "c"\n')
        (entry,) = audited(root, minutes=0.001).unused
        assert entry.added == "b"

    def test_entry_without_a_reason_is_refused(self, tmp_path):
        """An accepted survivor says why."""
        place = tmp_path / "short.toml"
        place.write_text('[[equivalent]]\nfunction = "f"\nremoved = "a"\nadded = "b"\nreason = ""\n')
        with pytest.raises(CourseError, match="needs a reason"):
            accepted.load(place)


class TestInputs:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('function = "tail"\nwhere = "n > 0"\nreason = "r"', "there are: head"),
            ('function = "head"\nwhere = "n >"\nreason = "r"', "no expression"),
            ('function = "head"\nwhere = "n > 0"\nreason = ""', "needs a reason"),
            ('function = "head"\nreason = "r"', "expected .*where"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, tmp_path, text, said):
        """Said before anything is graded: a name, an expression or a reason that is missing hides nothing."""
        root = course(tmp_path, ("head", HEAD), ("values", VALUES))
        place = accepted.place(root, "short")
        place.parent.mkdir()
        place.write_text(f"[[inputs]]\n{text}\n")
        with pytest.raises(CourseError, match=said):
            audited(root)

    def test_two_for_one_function_hold_both(self, tmp_path):
        """Each has a reason of its own."""
        place = tmp_path / "short.toml"
        place.write_text(
            "".join(f'[[inputs]]\nfunction = "f"\nwhere = "{w}"\nreason = "r"\n' for w in ("x > 0", "x < 9"))
        )
        assert [x for x in (-1, 5, 9) if eval(accepted.inputs(place)["f"], {"x": x})] == [5]


def test_wrong_solution_that_passes_is_told_and_sets_the_exit_status(tmp_path, monkeypatch, capsys):
    """A file of cells is graded like a mutant; where all tests pass it, the command ends in 1 and writes the page."""
    root = course(
        tmp_path, ("limit", "### BEGIN SOLUTION\nlimit = 12\n### END SOLUTION"), ("head", HEAD), ("values", VALUES)
    )
    wrong = tmp_path / "gives_two.py"
    wrong.write_text(
        '"""\nwhy = "It always gives two."\n"""\n\n# %% head\ndef head(values, n):\n    return values[:2].copy()\n'
    )
    monkeypatch.chdir(root)
    assert main(["audit", "short", "--function", "limit", "--wrong", str(wrong), "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    (score,) = [each for each in found["functions"] if each["function"] == "gives_two"]
    assert (score["survived"], score["wrong"]) == (1, 1)
    text = (root / "reports" / "audit-short.html").read_text()
    assert "gives_two" in text
    assert "Content-Security-Policy" in text


def test_wrong_file_that_names_no_cell_is_refused(tmp_path):
    """A name that is mistyped is no file that was caught."""
    root = course(tmp_path, ("head", HEAD), ("values", VALUES))
    wrong = tmp_path / "mistyped.py"
    wrong.write_text("# %% head\nx = 1\n# %% haed\nx = 1\n")
    with pytest.raises(CourseError, match="haed"):
        audited(root, wrong=(wrong,))


def test_what_a_person_must_judge_is_counted_apart(tmp_path):
    """A mutant for which a test cannot be judged is neither caught nor survived."""
    root = course(tmp_path, ("one_more", ONE_MORE), ("once", ONCE), contract=False)
    found = audited(root)
    assert found.scores[0].persons >= 1
    persons = [s for s in found.survivors() if s.person]
    assert "y = x" in {s.mutant.changed[1] for s in persons}
    assert all("once" in s.person for s in persons)


def test_test_that_the_own_solution_fails_is_left_out_and_told(tmp_path):
    """It would catch every mutant, whatever it holds."""
    root = course(tmp_path, ("head", HEAD), ("values", VALUES), ("off", "assert head(np.arange(3.0), 1)[0] == 5.0"))
    found = audited(root)
    assert set(found.scores[0].left_out) == {"off"}
    assert found.scores[0].caught < found.scores[0].mutants


def test_short_of_time_it_says_what_was_not_tried(tmp_path):
    """With no time at all every mutant is untried, and none counts as caught."""
    found = audited(course(tmp_path, ("head", HEAD), ("values", VALUES)), minutes=1e-6)
    assert [(s.untried, s.caught) for s in found.scores] == [(found.scores[0].mutants, 0)]


def test_changed_test_costs_only_its_own_function(tmp_path):
    """A second run grades again what the new test can notice; the rest is known."""
    limit = ("limit", "### BEGIN SOLUTION\nlimit = 12\n### END SOLUTION")
    cells = [limit, ("asks", "assert limit == 12"), ("total", TOTAL), ("sums", "assert total([3, 1]) == 4")]
    audited(course(tmp_path, *cells, contract=False))
    cells[1] = ("asks", "assert limit == 12, 'a dozen'")
    found = audited(course(tmp_path, *cells, contract=False))
    kept = {score.function: score.kept for score in found.scores}
    total = next(score.mutants for score in found.scores if score.function == "total")
    assert kept == {"limit": 0, "total": total}


def test_unknown_names_are_errors(tmp_path):
    """An assignment or a function that is not there is named, and is no audit without findings."""
    root = course(tmp_path, ("head", HEAD), ("values", VALUES))
    with pytest.raises(CourseError, match="no notebook"):
        audit(replace(Wanted("short"), assignment="shorter"), root, lambda _: None)
    with pytest.raises(CourseError, match="tail"):
        audited(root, function="tail")
