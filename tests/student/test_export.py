"""Modules made of solved notebooks: what is marked, what that needs, and nothing else."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from kernelmark.errors import KernelmarkError
from kernelmark.student.export import export, exporting, module_names, module_of

SETUP = "import math\nimport os\nfrom functools import partial\nFACTOR = 3\nos.environ.get('X')\nprint('up')"
SOLUTION = (
    "#| export\n# Kept with what follows.\ndef area(r):\n    ### BEGIN SOLUTION\n"
    "    return FACTOR * helper(r)\n    ### END SOLUTION\n\n\nsurface = area"
)


def notebook(*cells: str, setup: str = SETUP):
    marks = {"nbgrader": {"locked": True, "grade": False, "solution": False, "grade_id": "setup"}}
    made = [nbformat.v4.new_code_cell(setup, metadata=marks), *map(nbformat.v4.new_code_cell, cells)]
    return nbformat.v4.new_notebook(cells=made)


def run(text: str) -> dict:
    names: dict = {}
    exec(text, names)
    return names


class TestModuleOf:
    def test_holds_marked_cells_and_what_they_need(self):
        """Imports and helpers of other cells come along, each once, and calls at the top do not."""
        helper = "def helper(r):\n    return math.pow(r, 2)\nprint(helper(2))\nhelper = helper"
        text = module_of(notebook(helper, SOLUTION), "made for a test")
        assert run(text)["area"](2) == 12
        assert run(text)["surface"](1) == 3
        assert "import math" in text
        assert "# Kept with what follows." in text
        assert not [word for word in ("print", "partial", "environ", "SOLUTION", "#|") if word in text]

    def test_all_names_are_those_of_the_marked_cells(self):
        """What came along as a helper is not offered by `import *`."""
        text = module_of(notebook("def helper(r):\n    return r", SOLUTION), "t")
        assert run(text)["__all__"] == ["area", "surface"]

    def test_values_of_cells_to_try_things_in_stay_out(self):
        """A local name in a solution does not drag an experiment along."""
        trial = "r = 5\nhelper_runs = 7"
        text = module_of(notebook(trial, "def helper(r):\n    return r", SOLUTION), "t")
        assert "5" not in text.partition("def")[2]
        assert "helper_runs" not in text

    def test_only_some_names(self):
        """`only` keeps the named functions and what they need."""
        other = "#| export\ndef twice(x):\n    return 2 * x\n\n\ndef four(x):\n    return twice(twice(x))"
        names = run(module_of(notebook(other, "#| export\ndef six(x):\n    return 6 * x"), "t", ["four"]))
        assert names["four"](1) == 4
        assert "six" not in names

    @pytest.mark.parametrize(
        ("cells", "only", "message"),
        [
            (["x = 1"], None, "nothing to export"),
            (["#| export\ndef f(:"], None, "no Python"),
            (["#| export\ndef f(): pass"], ["g"], "defines g"),
        ],
    )
    def test_says_what_is_wrong(self, cells, only, message):
        """Nothing marked, no Python, a name that is not there."""
        with pytest.raises(KernelmarkError, match=message):
            module_of(notebook(*cells), "t", only)


class TestExport:
    def test_makes_a_package_that_can_be_imported(self, tmp_path: Path):
        """One module a notebook, and the package offers the names of all."""
        for name, value in (("one", 1), ("two", 2)):
            (tmp_path / f"0{value}_{name}").mkdir()
            made = notebook(f"#| export\ndef {name}():\n    return {value}", setup="")
            nbformat.write(made, tmp_path / f"0{value}_{name}" / f"{name}.ipynb")
        found, left_out = exporting(tmp_path)
        assert left_out == []
        assert [path.name for path in found] == ["one.ipynb", "two.ipynb"]
        export(found, tmp_path / "mine")
        code = "import mine; print(mine.one() + mine.two(), mine.two.__module__)"
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout == "3 mine.two\n"

    def test_takes_along_what_lies_beside_a_notebook(self, tmp_path: Path):
        """A module that imports given kernels can be imported where there are none."""
        (tmp_path / "09_last" / "given").mkdir(parents=True)
        (tmp_path / "09_last" / "given" / "__init__.py").touch()
        (tmp_path / "09_last" / "given" / "kernels.py").write_text("def one():\n    return 1")
        made = notebook("#| export\ndef two():\n    return 2 * one()", setup="from given.kernels import one")
        nbformat.write(made, tmp_path / "09_last" / "last.ipynb")
        export([tmp_path / "09_last" / "last.ipynb"], tmp_path / "mine")
        code = "import mine; print(mine.two())"
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout == "2\n"

    def test_leaves_a_package_of_somebody_elses_alone(self, tmp_path: Path):
        """A folder that was not made by an export is not written to."""
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "__init__.py").write_text("# my own")
        nbformat.write(notebook("#| export\ndef one(): pass"), tmp_path / "a.ipynb")
        with pytest.raises(KernelmarkError, match="another folder"):
            export([tmp_path / "a.ipynb"], tmp_path / "mine")
        assert (tmp_path / "mine" / "__init__.py").read_text() == "# my own"

    @pytest.mark.parametrize(
        "names",
        [
            ["short", "short-Copy1", "short (1)"], ["my-kernels 2", "my_kernels 2", "2nd"], ["class", "match", "None"],
            ["numpy", "math", "test", "Random"], ["a'b\"c\\n", "ünï", "..", "()"], ["given", "A", "a"],
        ],
    )  # fmt: skip
    def test_makes_a_module_of_a_notebook_of_any_name(self, tmp_path: Path, names: list[str]):
        """Duplicates, blanks, words of Python's, names of its own modules: the package can be imported."""
        for number, name in enumerate(names):
            made = notebook(f"#| export\ndef made_{number}():\n    return {number}", setup="import math")
            nbformat.write(made, tmp_path / f"{name}.ipynb")
        (tmp_path / "mine" / "given").mkdir(parents=True)
        found, _ = exporting(tmp_path)
        modules = [path.stem for path in export(found, tmp_path / "mine")[:-1]]
        assert len(set(modules)) == len(names)
        assert set(modules) & {"given", "math", "numpy", "class"} == set()
        code = f"import mine; print(sum(getattr(mine, f'made_{{n}}')() for n in range({len(names)})))"
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
        assert (done.stdout.strip(), done.stderr) == (str(sum(range(len(names)))), "")

    def test_keeps_a_name_that_needs_no_change(self):
        """The notebook that is called so has it, not the one whose name becomes so."""
        paths = [Path("my-kernels.ipynb"), Path("my_kernels.ipynb"), Path("x/my_kernels.ipynb")]
        assert list(module_names(paths).values()) == ["my_kernels_3", "my_kernels", "my_kernels_2"]

    @pytest.mark.parametrize(
        "content", ["", "{", "[]", "{}", '{"cells": [{}], "nbformat": 4, "nbformat_minor": 5}', "\xff"]
    )
    def test_names_what_cannot_be_read_and_goes_on(self, tmp_path: Path, content: str):
        """An empty or broken notebook beside the others stops none of them."""
        (tmp_path / "Untitled.ipynb").write_text(content, encoding="latin-1")
        nbformat.write(notebook("#| export\ndef one(): pass"), tmp_path / "a.ipynb")
        found, left_out = exporting(tmp_path)
        assert [path.name for path in found] == ["a.ipynb"]
        assert len(left_out) == 1
        assert "Untitled.ipynb cannot be read as a notebook" in left_out[0]
