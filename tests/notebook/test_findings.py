"""What can be found in an instructor's notebook without running it: each mistake is named, and what is sound is not."""

import ast
import inspect
from pathlib import Path

import nbformat
import pytest

from kernelmark import checks
from kernelmark.notebook import findings as room
from kernelmark.notebook import speed_lines
from kernelmark.notebook.findings import errors, findings
from tests import mistakes, small_course
from tests.mistakes import ALL, Mistake, sound
from tests.small_course import asked, graded_cell, notebook_of, plain, solution

ROOT = Path(__file__).resolve().parents[2]


def kinds_in_code() -> set[str]:
    """Return every kind of finding that a room of notebook/ or authoring/ can make."""
    found: set[str] = set()
    for folder in ("notebook", "authoring"):
        for path in (ROOT / "kernelmark" / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "attr", getattr(node.func, "id", "either"))
                at = {"error": 0, "warning": 0, "either": 0, "Finding": 1, "_finding": 1}.get(name)
                if at is not None and len(node.args) > 2:
                    kind = node.args[at]
                    parts = [kind.body, kind.orelse] if isinstance(kind, ast.IfExp) else [kind]
                    found |= {part.value for part in parts if isinstance(part, ast.Constant)}
    return found | {"is-literal", "doubled-key"}


@pytest.mark.parametrize("mistake", ALL, ids=lambda mistake: f"{mistake.kind}-{mistake.example[:30]!r}")
def test_a_mistake_is_named(mistake: Mistake):
    """With its severity, in its cell, on one line with a remedy; and little else is found, for it is one mistake."""
    every = findings(mistake.make(), Path("/nonexistent"))
    found = [each for each in every if each.kind == mistake.kind]
    assert len({each.kind for each in every}) <= 3
    assert {(each.severity, each.cell) for each in found} >= {(mistake.severity, mistake.cell)}
    for each in found:
        assert "\n" not in each.line
        assert each.line.startswith(f"{each.severity:8s}{each.cell}: ")
        assert each.what
        assert each.remedy


class TestSound:
    def test_notebook_of_the_mistakes_has_none_before_they_are_made(self):
        """What each mistake adds is what is found."""
        assert findings(sound(), Path("/nonexistent")) == []

    @pytest.mark.parametrize(
        "path",
        [
            pytest.param(path, marks=[] if path.stem == "matmul" else pytest.mark.slow)
            for path in sorted(ROOT.glob("source/*/*.ipynb"))
        ],
        ids=lambda path: path.stem,
    )
    def test_the_nine_have_no_error(self, path: Path):
        """Notebooks that a class was graded by are not refused."""
        assert errors(findings(nbformat.read(path, as_version=4), path.parent)) == []

    def test_the_small_course_has_no_finding(self, tmp_path: Path):
        """Hidden tests, a class, a value, a written answer with its scheme."""
        assert findings(small_course.notebook(), tmp_path) == []

    @pytest.mark.parametrize(
        "source",
        [
            "assert total([1]) == 1 and total([2]) == 2",
            'with raises(TypeError):\n    total("ab")',
            "with unchanged(np.ones(3)):\n    total(np.ones(3))",
            "x = np.ones(3)\nnp.testing.assert_allclose(total(x), 3)",
            "import unittest\ncase = unittest.TestCase()\ncase.assertEqual(total([1]), 1)",
            "def test_it():\n    assert total([1]) == 1\n\n\ntest_it()",
            'try:\n    total("ab")\nexcept TypeError:\n    pass\nelse:\n    raise AssertionError("text adds up")',
            "score = 0\nif total([1]) == 1:\n    score += 1\nscore",
            "score = sum(total([n]) == n for n in range(4)) / 4\nscore",
            "rng = np.random.default_rng(5)\nx = rng.random(5)\nclose(total(x), np.sum(x))",
            "np.random.seed(3)\nx = np.random.rand(5)\nclose(total(x), np.sum(x))",
            "assert total([0.5]) == 0.5",
            "assert abs(total([0.1, 0.2]) - 0.3) < 1e-9",
            "for got, right in zip([total([1]), total([2])], [1, 2]):\n    assert got == right",
            "for got, right in zip(total([[1]]), [1], strict=True):\n    assert got == right",
            "import builtins\nbuiltins.input = lambda _: '3'\nassert total([3]) == 3",
            "value = eval('total([2])')\nassert value == 2",
            mistakes.speed(),
            mistakes.speed("{2: 1}", than="np.sum"),
            mistakes.speed(than="slow_total"),
            "from functools import partial\n" + mistakes.speed(than="partial(reference.total)"),
            "# AUTOTEST total([1, 2])",
        ],
    )
    def test_tests_that_can_fail(self, source: str):
        """Ways to assert, to give points in part, to draw with a seed, to race."""
        assert findings(sound(asked("it", source))) == []

    def test_whole_cell_solutions_are_legal(self):
        """A solution cell without markers is replaced as a whole, by nbgrader's own stub."""
        made = sound(solution("it", "def twice(x):\n    return 2 * total(x)"), asked("there", "assert twice([1]) == 2"))
        assert findings(made) == []

    def test_cells_that_show_an_error_on_purpose(self):
        """JupyterLab's tag for a cell that raises: nothing in it is undefined by mistake."""
        cell = plain("this_is_not_there")
        cell.metadata["tags"] = ["raises-exception"]
        assert findings(sound(cell)) == []

    def test_magics(self):
        """What a magic on top binds is defined, and what one runs is no Python of ours."""
        cells = [
            plain("%%capture out\ntotal([1])"),
            plain("print(out)"),
            plain("%%bash\nls"),
            plain("%matplotlib inline"),
        ]
        assert findings(sound(*cells)) == []

    def test_names_that_nobody_can_read_are_doubts(self):
        """Where a cell runs a file, a name may come from there: a warning, and no release is refused."""
        made = sound(plain("%run helpers.py"), asked("it", "assert helped(total([1])) == 1"))
        assert errors(findings(made)) == []

    def test_files_that_are_there_or_written(self, tmp_path: Path):
        """Beside the notebook, written by a cell before, asked for and missing on purpose."""
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "a.csv").write_text("1\n")
        cells = [
            graded_cell("it", 'x = np.loadtxt("data/a.csv")', locked=True),
            plain('np.save("made.npy", np.ones(2))\ny = np.load("made.npy")'),
            plain('from pathlib import Path\npath = Path("b.txt")\npath.write_text("b")\nopen("b.txt").read()'),
            asked("there", 'with raises(FileNotFoundError):\n    open("nowhere.txt")\nassert total([1]) == 1'),
        ]
        assert findings(sound(*cells), tmp_path) == []

    def test_contracts_that_name_no_test_anywhere_are_silent(self):
        """Who does not use the metadata is not told of it."""
        assert findings(sound(nbformat.v4.new_markdown_cell(mistakes.CONTRACT))) == []


class TestFindings:
    def test_come_in_the_order_of_the_cells(self):
        """All that is wrong is told at once, from the top."""
        made = notebook_of(asked("b", "assert nothing_here"), asked("a", "assert 'x'"))
        names = [each.cell for each in errors(findings(made))]
        assert names == ["b", "a"]

    def test_all_slips_of_markers_are_told_at_once(self):
        """Not only the first, as when a release stopped at it."""
        made = sound(
            asked("it", "### BEGIN HIDEN TESTS\nassert total([1]) == 1"), asked("there", "### END HIDDEN TEST")
        )
        told = [each.cell for each in findings(made) if each.kind == "marker"]
        assert told == ["it", "there"]

    def test_words_of_the_speed_check_are_its_signature(self):
        """The rule about missing words knows those that `faster` takes."""
        parameters = inspect.signature(checks.faster).parameters.values()
        must = tuple(p.name for p in parameters if p.default is inspect.Parameter.empty)
        may = tuple(p.name for p in parameters if p.default is not inspect.Parameter.empty)
        assert (must, may) == (speed_lines.WORDS, speed_lines.FURTHER)

    def test_what_the_grader_refuses_is_an_error(self):
        """Where no rule says why, the grader's own words do."""
        made = sound()
        made.metadata["kernelmark"] = {"allow_everything": True}
        (found,) = errors(room.findings(made))
        assert "allow_child_processes" in found.what


class TestPage:
    def test_has_every_kind(self):
        """Every kind of finding that the code can make has an example in the tables, or a line in the second part."""
        text = mistakes.PAGE.read_text(encoding="utf-8")
        assert {kind for kind in kinds_in_code() if f"| `{kind}` |" not in text} == set()

    def test_is_current(self):
        """The tables say what the code says of each example: `python -m tests.mistakes` would change nothing."""
        assert mistakes.PAGE.read_text(encoding="utf-8") == mistakes.page()
