"""Masked arrays as answers: they hide what the course's own solution hides in the same answer, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kernelmark.records import SubmissionResult
from tests import desk
from tests.small_course import asked, marks, notebook_of, plain, solution

Told = Callable[..., SubmissionResult]
RIGHT = """
import numpy as np
def positive(a): return np.ma.masked_less(a, 0)
def mean(a): return np.ma.masked_less(a, 0).mean()
def first(a): return np.ma.masked_less(a, 0)[0]
def both(a): return {"low": np.ma.masked_less(a, 0), "high": [np.ma.masked_greater(a, 2)]}
class Series:
    def __init__(self, a): self.valid = np.ma.masked_less(a, 0)
"""
SETUP = "import numpy as np\na = np.array([1.0, -1.0, 3.0])\n"
SAID = {
    "class": "m = positive(a)\nassert isinstance(m, np.ma.MaskedArray) and m.mask.tolist() == [False, True, False]",
    "reduced": "m = positive(a)\nassert m.mean() == mean(a) == 2\n"
    "assert m.count() == 2 and m.compressed().tolist() == [1, 3]",
    "filled": "assert positive(a).filled(0).tolist() == [1, 0, 3]\nassert positive(a)[1] is np.ma.masked",
    "compared": "want = np.ma.array(a, mask=[0, 1, 0])\nassert np.ma.allclose(positive(a), want)\n"
    "assert (positive(a).mask == want.mask).all() and (positive(-a).mask == [1, 0, 1]).all()",
    "constant": "assert first(-a) is np.ma.masked and first(a) == 1",
    "inside": "m = both(a)\nassert m['low'].mask[1] and m['high'][0].mask.tolist() == [False, False, True]",
    "attribute": "s = Series(a)\nassert s.valid.count() == 2 and s.valid.mask[1]",
}


def test_as_at_a_desk(tmp_path: Path):
    """What tests ask of masked answers, by the course's own solution and by work that hides nothing."""
    cells = [asked(name, f"{SETUP}{text}") for name, text in SAID.items()]
    wrong = RIGHT.replace("np.ma.masked_less(a, 0)", "np.ma.array(a)").replace("(a, 2)", "(a, 9)")
    own, other = (notebook_of(solution("work", text), *cells) for text in (RIGHT, wrong))
    assert desk.compared(own, other, tmp_path) == []


class TestAttacks:
    @pytest.mark.parametrize(
        "submitted",
        [
            "def positive(a): return np.ma.array(a * 0, mask=True)",
            "def positive(a): return np.ma.array(a * 0, mask=[0, 1, 1] if a[0] > 0 else [1, 1, 0])",
            "def positive(a): return np.ma.array([7.0, 7, 7], mask=[1, 0, 1] if a[0] > 0 else [0, 1, 0])",
            "def positive(a): return np.ma.array(a * 0, mask=[0, 1, 0] if a[0] > 0 else [0, 1, 0])",
            "def positive(a): return np.ma.masked",
            "import kernelmark.sandbox.objects as o\nfrom kernelmark.wire.kinds_numpy import hidden_in\n"
            "class Yes:\n    def __eq__(self, _): return self\n    def all(self): return True\n"
            "real = o.Objects.leave\ndef leave(self, v):\n    mask = np.ma.array(np.ones(3), mask=[0, 1, 0])\n"
            "    return {**real(self, v), 'type': '\\0hides ' + hidden_in(mask)}\n"
            "o.Objects.leave = leave\ndef positive(a): return Yes()",
        ],
        ids=["all", "one more", "others", "as in another call", "the constant", "a name"],
    )
    def test_hide_more_than_is_right(self, told: Told, submitted: str):
        """What is hidden counts in no comparison, so wrong numbers would pass."""
        test_source = (
            f"{SETUP}assert np.ma.allclose(positive(a), np.ma.array(a, mask=[0, 1, 0]))\n"
            "assert (positive(-a) == np.ma.array(-a, mask=[1, 0, 1])).all()"
        )
        cells = plain("import numpy as np"), solution("work", RIGHT), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=f"import numpy as np\n{submitted}")) == {"asks": 0.0}

    @pytest.mark.parametrize(
        "submitted",
        [
            "from types import SimpleNamespace as S\ndef both(a): return S(low=np.ma.array(a * 0, mask=True))",
            "def both(a): return {'low': np.ma.array(a * 0, mask=True), 'more': np.ma.array(a, mask=True)}",
            "def both(a):\n    a[:] = 0\n    return {'low': a}",
        ],
        ids=["in a namespace", "beside", "in what was handed over"],
    )
    def test_hide_where_nobody_looks(self, told: Told, submitted: str):
        """Inside other values, or in an argument, nothing is hidden either."""
        test_source = (
            f"{SETUP}got = both(a)\nlow = got.low if hasattr(got, 'low') else got['low']\n"
            "assert np.ma.allclose(low, np.array([1.0, -1.0, 3.0]))"
        )
        work = "def both(a):\n    return {'low': a}"
        cells = plain("import numpy as np"), solution("work", work), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=f"import numpy as np\n{submitted}")) == {"asks": 0.0}
