"""The cause before the symptom, in a graded notebook: said once, and what follows from it points there."""

from collections.abc import Callable
from dataclasses import replace

import nbformat
import pytest

from kernelmark.records import SubmissionResult, from_json, to_json
from kernelmark.sandbox.limits import Limits
from tests.small_course import ADD, solved

Grade = Callable[..., SubmissionResult]


def reasons(result: SubmissionResult, *names: str) -> set[str]:
    return {result.cell(name).reason for name in names}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def add(a, b)\n    return a + b", "SyntaxError: expected ':' (line 1)"),
        ("x = 1\n\ny = x / 0\n" + ADD, "ZeroDivisionError: division by zero (line 3)"),
        ("import torch.nn\n" + ADD, "ModuleNotFoundError: No module named 'torch' (line 1)"),
        ("import os; os._exit(7)\n" + ADD, "the process of your code ended by itself (exit status 7)"),
        ("while True: pass\n" + ADD, "your code did not finish within 1 s and was interrupted (cell_timeout_s)"),
        ("raise SystemExit(3)\n" + ADD, "SystemExit: 3"),
    ],
    ids=["syntax", "raises", "module", "exits", "hangs", "leaves"],
)
def test_a_cell_that_did_not_run_is_named_once(grade_short: Grade, text: str, said: str):
    """Every way in which a cell fails: its tests say where to look, the others are graded."""
    result = grade_short(solved(add=text), Limits(cell_s=1.0))
    assert [cause.text for cause in result.causes] == [f"cell `add` did not run: {said}"]
    assert reasons(result, "add_small", "add_arrays") == {"not reached: see cell `add`"}
    assert "name 'add' is not defined" in result.cell("add_small").staff
    assert result.cell("counter_steps").points == 2.0
    assert result.missing_modules == (("torch",) if "torch" in text else ())
    assert from_json(SubmissionResult, to_json(result)) == result


def test_a_cell_of_the_students_own_is_named_by_its_place(grade_short: Grade):
    """A helper's cell fails; the function that calls it finds nothing."""
    notebook = solved(add="def add(a, b):\n    return helper(a, b)")
    notebook.cells.insert(2, nbformat.v4.new_code_cell("import nowhere_at_all\ndef helper(a, b): return a + b"))
    result = grade_short(notebook)
    module = "ModuleNotFoundError: No module named 'nowhere_at_all' (line 1)"
    assert [cause.text for cause in result.causes] == [f"code cell 2 did not run: {module}"]
    assert reasons(result, "add_small", "add_arrays") == {"not reached: see code cell 2"}


def test_a_module_that_a_function_imports_is_counted(grade_short: Grade):
    """The cell ran; the call did not."""
    result = grade_short(solved(add="def add(a, b):\n    import torch\n    return a + b"))
    assert result.missing_modules == ("torch",)
    assert result.causes == ()
    assert "No module named 'torch'" in result.cell("add_small").reason


def test_honest_work_has_no_causes(grade_short: Grade):
    """Nor has a record of before there were any."""
    result = grade_short(solved())
    assert result.causes == ()
    text = to_json(result).replace(',\n "causes": [],\n "missing_modules": []', "")
    assert "causes" not in text
    assert from_json(SubmissionResult, text) == replace(result, causes=())
