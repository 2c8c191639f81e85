"""The words that test cells of other courses use: unittest, pytest, hypothesis, doctest; and other languages."""

from collections.abc import Callable

import nbformat
import pytest

from kernelmark.errors import CourseError
from kernelmark.notebook.conform import Course
from kernelmark.records import SubmissionResult
from tests.small_course import asked, marks, notebook_of, solution

Told = Callable[..., SubmissionResult]
ADD = "def add(a, b):\n    '''Return the sum.\n\n    >>> add(1, 2)\n    3\n    '''\n    return a + b"


class TestWords:
    @pytest.mark.parametrize(
        "test_source",
        [
            "import unittest\nclass T(unittest.TestCase):\n    def test_sum(self):\n"
            "        self.assertEqual(add(1, 2), 3)\n"
            "tests = unittest.defaultTestLoader.loadTestsFromTestCase(T)\n"
            "assert unittest.TextTestRunner().run(tests).wasSuccessful()",
            "import unittest\ncase = unittest.TestCase()\ncase.assertAlmostEqual(add(0.1, 0.2), 0.3)\n"
            "case.assertRaises(TypeError, add, 1)",
            "import pytest\nassert add(0.1, 0.2) == pytest.approx(0.3)\nwith pytest.raises(TypeError):\n    add(1)",
            "import numpy as np\nnp.testing.assert_allclose(add(np.ones(2), 1), [2, 2])",
            "import doctest\nassert doctest.testmod() == (0, 1)",
            "import contextlib, doctest, io\nwith contextlib.redirect_stdout(io.StringIO()) as said:\n"
            "    doctest.run_docstring_examples(add, globals())\nassert said.getvalue() == '' and add(2, 2) == 4",
        ],
        ids=["unittest", "case", "pytest", "numpy", "testmod", "examples"],
    )
    def test_mean_what_they_mean_at_a_desk(self, told: Told, test_source):
        """Right work passes, wrong work fails."""
        cells = solution("add", ADD), asked("adds", test_source)
        assert marks(told(*cells)) == {"adds": 1.0}
        assert marks(told(*cells, add=ADD.replace("a + b", "a - b"))) == {"adds": 0.0}

    def test_of_sympy(self, told: Told):
        """An expression is one at both ends: compared, differentiated, and simplified in the judge."""
        pytest.importorskip("sympy")
        asks = (
            "import sympy\nx = sympy.symbols('x')\nassert slope(x**2 + sympy.sin(x)) == 2 * x + sympy.cos(x)\n"
            "assert sympy.simplify(slope(sympy.exp(x) / x) - sympy.exp(x) * (x - 1) / x**2) == 0"
        )
        work = "import sympy\ndef slope(f):\n    return sympy.diff(f, sympy.Symbol('x'))"
        cells = solution("slope", work), asked("slopes", asks)
        assert marks(told(*cells)) == {"slopes": 1.0}
        assert marks(told(*cells, slope="def slope(f):\n    return f")) == {"slopes": 0.0}

    def test_of_hypothesis(self, told: Told):
        """Examples are drawn in the judge, and each is a call."""
        drawn = (
            "from hypothesis import given, settings, strategies as st\n"
            "@settings(max_examples=20, database=None, deadline=None)\n@given(st.integers(), st.integers())\n"
            "def holds(a, b):\n    assert add(a, b) == a + b\nholds()"
        )
        cells = solution("add", ADD), asked("adds", drawn)
        assert marks(told(*cells)) == {"adds": 1.0}
        assert marks(told(*cells, add=ADD.replace("a + b", "a - b"))) == {"adds": 0.0}


def test_another_language_is_refused_in_one_line():
    """The message names the language and what to do."""
    source = notebook_of(nbformat.v4.new_code_cell("add <- function(a, b) a + b"))
    source.metadata["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}
    with pytest.raises(CourseError, match=r"this notebook is in R \(kernel 'ir'\)"):
        Course(source)
