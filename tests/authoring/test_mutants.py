"""Mutants: each operator makes the change that it says, in the lines that students write, the same every time."""

import ast

import pytest

from kernelmark.authoring.mutants import mutants
from kernelmark.notebook.cells import Marks

MARKS = Marks("BEGIN SOLUTION", "END SOLUTION")
CHANGES = [
    ("arithmetic", "return a + b", "return a - b"),
    ("arithmetic", "return a // b", "return a / b"),
    ("arithmetic", "return a @ b", "return a * b"),
    ("operands swapped", "return a - b", "return (b - a)"),
    ("operand dropped", "return a * b", "return a"),
    ("assigned, not added", "a += b", "a = b"),
    ("comparison", "return a < b", "return a <= b"),
    ("comparison", "return a == b", "return a != b"),
    ("comparison", "return a not in b", "return a in b"),
    ("boolean", "return a and b", "return a or b"),
    ("boolean", "return not a", "return a"),
    ("condition dropped", "return a and b", "return (b)"),
    ("sign dropped", "return -a", "return a"),
    ("wrong branch", "return a if b else 0", "return a if False else 0"),
    ("wrong branch", "if a:\n        b = a", "if True:\n        b = a"),
    ("loop left out", "while a:\n        a -= b", "while False:\n        a -= b"),
    ("constant", "return a[3]", "return a[4]"),
    ("constant", "return f(a, True)", "return f(a, False)"),
    ("tolerance", "return a < 1e-6", "return a < 0.0"),
    ("text", "return a['key']", "return a['key_']"),
    ("off by one", "return a[b]", "return a[b - 1]"),
    ("off by one", "for i in range(a):\n        f(i)", "for i in range(a + 1):\n        f(i)"),
    ("indices swapped", "return a[b, 0]", "return a[0, b]"),
    ("slice bound dropped", "return a[1:b]", "return a[1:]"),
    ("slice bound moved", "return a[1:b]", "return a[1:b - 1]"),
    ("loop cut", "for i in range(a):\n        f(i)", "for i in range(1, a):\n        f(i)"),
    ("loop cut", "for i in a:\n        f(i)", "for i in list(a)[:-1]:\n        f(i)"),
    ("order turned", "for i in range(a):\n        f(i)", "for i in reversed(range(a)):\n        f(i)"),
    ("stops after one round", "for i in a:\n        f(i)", "for i in a:\n        f(i)\n        break"),
    ("step dropped", "return list(range(0, a, b))", "return list(range(0, a))"),
    ("axis", "return a.sum(axis=0)", "return a.sum(axis=-1)"),
    ("keyword dropped", "return f(a, keepdims=True)", "return f(a)"),
    ("keyword dropped", "return a.sum(axis=0)", "return a.sum()"),
    ("dtype", "return np.zeros(a, np.float32)", "return np.zeros(a, np.float64)"),
    ("dtype", "return np.zeros(a, b.dtype)", "return np.zeros(a, float)"),
    ("dtype", "return np.result_type(a, b)", "return a.dtype"),
    ("copy or conversion dropped", "return a.copy()", "return a"),
    ("copy or conversion dropped", "return np.ascontiguousarray(a)", "return a"),
    ("copy or conversion dropped", "return a.astype(b)", "return a"),
    ("arguments swapped", "return f(a, b)", "return f(b, a)"),
    ("function for another", "return min(a)", "return max(a)"),
    ("function for another", "return a.sum()", "return a.mean()"),
    ("function for another", "return np.zeros(a)", "return np.ones(a)"),
    ("transpose dropped", "return a.T", "return a"),
    ("shape turned", "m, n = a.shape", "m, n = a.shape[::-1]"),
    ("statement dropped", "a.append(b)", "pass"),
    ("statement dropped", "a[0] = b", "pass"),
    ("statement dropped", "a += b", "pass"),
    ("returns nothing", "return a", "return None"),
    ("check dropped", "if a < b:\n        raise ValueError(a)", "if False:\n        raise ValueError(a)"),
    ("check always", "if a < b:\n        raise ValueError(a)", "if True:\n        raise ValueError(a)"),
    ("check turned", "if a < b:\n        raise ValueError(a)", "if not (a < b):\n        raise ValueError(a)"),
    ("exception type", "raise ValueError(a)", "raise TypeError(a)"),
    ("message dropped", "raise ValueError(a)", "raise ValueError()"),
    ("break and continue", "for i in a:\n        break", "for i in a:\n        continue"),
    ("context dropped", "with a:\n        f(b)", "if True:\n        f(b)"),
    (
        "wrong exceptions caught",
        "try:\n        f(a)\n    except KeyError:\n        f(b)",
        "try:\n        f(a)\n    except Exception:\n        f(b)",
    ),
    (
        "cleaning up dropped",
        "try:\n        f(a)\n    finally:\n        f(b)",
        "try:\n        f(a)\n    finally:\n        pass",
    ),
    ("condition dropped", "return [i for i in a if i]", "return [i for i in a if True]"),
    (
        "library product",
        "for i in range(n):\n        c += a[i] * b[i, 0]",
        "c += np.dot(a[0:n], b[0:n, 0])",
    ),
]


def cell(body: str) -> str:
    return f"def f(a, b=1):\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION\n"


@pytest.mark.parametrize(("operator", "body", "changed"), CHANGES)
def test_operator_makes_the_change_that_it_says(operator, body, changed):
    """The mutant with this text is among those of the operator, and nothing else of the cell differs."""
    wanted = ast.dump(ast.parse(cell(changed)))
    found = [m for m in mutants(cell(body), "f", MARKS) if ast.dump(ast.parse(m.source)) == wanted]
    assert [m.operator for m in found] == [operator]


def test_every_mutant_is_python_and_another_function():
    """No mutant is the solution again, none is there twice, and each can be parsed."""
    source = cell("if a < b:\n        raise ValueError(a)\n    return [i * 2 for i in range(a) if i != b][1:]")
    trees = [ast.dump(ast.parse(m.source)) for m in mutants(source, "f", MARKS)]
    assert len(trees) > 20
    assert len({*trees, ast.dump(ast.parse(source))}) == len(trees) + 1


def test_what_students_are_given_stays():
    """Signature, decorator and lines outside the marks are in every mutant as they were."""
    source = f"@njit\n{cell('return a + b')}\n\nlast = f(1, 2)\n"
    for mutant in mutants(source, "f", MARKS):
        lines = mutant.source.split("\n")
        assert (lines[:3], lines[4:]) == (source.split("\n")[:3], source.split("\n")[4:])


def test_comments_and_layout_stay():
    """A mutant's diff is the changed line alone: what stands around it is not written anew."""
    source = cell("c = a  +  b  # a comment\n    return c")
    (mutant,) = [m for m in mutants(source, "f", MARKS) if m.operator == "arithmetic"]
    assert mutant.changed == ("c = a  +  b  # a comment", "c = a  -  b  # a comment")


def test_letters_of_several_bytes_move_nothing():
    """Places are counted in letters, though the syntax tree counts bytes."""
    source = cell("s = 'λμ'; t = a + b")
    assert cell("s = 'λμ'; t = a - b") in [m.source for m in mutants(source, "f", MARKS)]


def test_same_mutants_in_the_same_order():
    """Two runs make the same list: outcomes are known by the text, and a share of it means the same share."""
    source = cell("return {a, b} | {a + 1, b - 1}")
    assert mutants(source, "f", MARKS) == mutants(source, "f", MARKS)


def test_mutants_are_of_the_function_they_stand_in():
    """In a cell of two functions each mutant names its own."""
    source = cell("return a + b") + "\n\n" + cell("return a * b").replace("def f", "def g")
    found = {(m.function, m.changed[1]) for m in mutants(source, "f", MARKS)}
    assert ("f", "return a - b") in found
    assert ("g", "return a / b") in found
