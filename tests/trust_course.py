"""The short assignment that the cheating corpus attacks: every kind of test that the course holds, quick to grade.

It is plain nbgrader: stock `nbgrader autograde` runs the same notebook, for comparison.
"""

import nbformat
from nbformat.notebooknode import NotebookNode

from tests.small_course import graded_cell

NAME = "kernels"
# Stands in hidden tests and nowhere else: whoever can print it has read one.
SECRET = "secret_of_the_hidden_tests_" + "c0ffee41"

SETUP = '''import numpy as np
from kernelmark.checks import close, faster, raises, unchanged


def smooth_loop(x):
    """Return the mean of each value and its two neighbours, without the ends: a Python loop."""
    return np.array([(x[i - 1] + x[i] + x[i + 1]) / 3 for i in range(1, len(x) - 1)])


def smooth_right(x):
    return (x[:-2] + x[1:-1] + x[2:]) / 3'''

SOLUTIONS = {
    "add": "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION",
    "row_sums": "def row_sums(A):\n    ### BEGIN SOLUTION\n    return A.sum(axis=1)\n    ### END SOLUTION",
    "by_hand": (
        "def by_hand(A, B, multiply):\n    ### BEGIN SOLUTION\n"
        "    return [[sum(multiply(a, B[k][j]) for k, a in enumerate(row)) for j in range(len(B[0]))] for row in A]\n"
        "    ### END SOLUTION"
    ),
    "apply": (
        "def apply(function, values):\n    ### BEGIN SOLUTION\n    return [function(v) for v in values]\n"
        "    ### END SOLUTION"
    ),
    "counter": (
        "class Counter:\n    ### BEGIN SOLUTION\n    def __init__(self):\n        self.count = 0\n\n"
        "    def step(self):\n        self.count += 1\n        return self.count\n    ### END SOLUTION"
    ),
    "limit": "limit = None\n### BEGIN SOLUTION\nlimit = 12\n### END SOLUTION",
    "smooth": "def smooth(x):\n    ### BEGIN SOLUTION\n    return (x[:-2] + x[1:-1] + x[2:]) / 3\n    ### END SOLUTION",
}
TESTS = {
    "add_small": (5, "add", '"""add returns the sum of two numbers."""\nassert add(2, 3) == 5, "add(2, 3) must be 5"'),
    "add_arrays": (
        10,
        "add",
        '"""add works on arrays of any shape."""\n'
        "a = np.arange(6.0)\nassert np.allclose(add(a, a), 2 * a), 'add must work on arrays'\n"
        "### BEGIN HIDDEN TESTS\n"
        f"{SECRET} = np.random.default_rng()\n"
        f"for shape in ((3,), (2, 5), (4, 1, 3)):\n"
        f"    a, b = ({SECRET}.standard_normal(shape) for _ in range(2))\n"
        "    expected = a + b\n"
        "    assert np.allclose(add(a, b), expected), f'add must work on shape {shape}'\n"
        "### END HIDDEN TESTS",
    ),
    "row_sums_values": (
        10,
        "row_sums",
        '"""row_sums adds up each row and leaves its input alone."""\n'
        "A = np.arange(6.0).reshape(2, 3)\n"
        "with unchanged(A, what='row_sums'):\n    close(row_sums(A), np.array([3.0, 12.0]), what='row_sums')\n"
        "### BEGIN HIDDEN TESTS\n"
        f"{SECRET}_rows = np.random.default_rng().standard_normal((17, 9))\n"
        f"expected = {SECRET}_rows.sum(axis=1)\n"
        f"close(row_sums({SECRET}_rows), expected, what='row_sums')\n"
        "### END HIDDEN TESTS",
    ),
    "by_hand_values": (
        10,
        "by_hand",
        '"""by_hand is the matrix product."""\n'
        "A, B = np.random.default_rng().integers(-9, 10, (3, 4)), np.random.default_rng().integers(-9, 10, (4, 2))\n"
        "got = by_hand(A.tolist(), B.tolist(), lambda a, b: a * b)\n"
        "assert got == (A @ B).tolist(), f'by_hand: expected {(A @ B).tolist()}, got {got}'",
    ),
    "by_hand_products": (
        5,
        "by_hand",
        '"""by_hand makes every product with the function it is given, and each once."""\n'
        "seen = []\n"
        "by_hand([[1, 2], [3, 4]], [[5], [6]], lambda a, b: seen.append((a, b)) or a * b)\n"
        "assert sorted(seen) == [(1, 5), (2, 6), (3, 5), (4, 6)], f'by_hand: unexpected products: {sorted(seen)[:9]}'",
    ),
    "apply_calls": (
        10,
        "apply",
        '"""apply calls the function once for each value, in order."""\n'
        "seen = []\ngot = apply(lambda v: seen.append(v) or v * v, [3, 1, 2])\n"
        "assert list(got) == [9, 1, 4], f'expected [9, 1, 4], got {got}'\n"
        "assert seen == [3, 1, 2], f'expected calls with [3, 1, 2], got {seen}'",
    ),
    "counter_steps": (
        5,
        "counter",
        '"""Counter counts its steps."""\nc = Counter()\nassert [c.step(), c.step()] == [1, 2], "two steps are 1, 2"\n'
        'assert c.count == 2, "count must follow"',
    ),
    "limit_value": (5, "limit", '"""limit is a dozen."""\nassert limit == 12, f"limit must be 12, got {limit}"'),
    "smooth_values": (
        10,
        "smooth",
        '"""smooth is right for any length."""\n'
        "x = np.random.default_rng().standard_normal(50)\nexpected = smooth_right(x)\n"
        "close(smooth(x), expected, what='smooth')",
    ),
    "smooth_speed": (
        20,
        "smooth",
        '"""smooth is at least 4 times as fast as the loop; all points from 12 times on."""\n'
        "faster(smooth, than=smooth_loop, inputs=lambda rng: (rng.standard_normal(8000),),\n"
        "       expect=smooth_right, steps={4: 8, 12: 20})",
    ),
}
ANSWER = "Write why.\n\n=== BEGIN MARK SCHEME ===\nanything goes\n=== END MARK SCHEME ==="


def notebook() -> NotebookNode:
    """Return the instructor's notebook: 90 points by tests, 10 by a written answer."""
    cells = [nbformat.v4.new_markdown_cell("# Kernels"), graded_cell("setup", SETUP, locked=True)]
    for name, source in SOLUTIONS.items():
        cells.append(graded_cell(name, source, solution=True))
        for test, (points, of, text) in TESTS.items():
            if of == name:
                cells.append(graded_cell(test, text, grade=True, locked=True, points=points))
    cells.append(graded_cell("why", ANSWER, kind="markdown", grade=True, solution=True, points=10))
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    made = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    for position, cell in enumerate(made.cells):
        cell["id"] = f"k{position}"
    return made
