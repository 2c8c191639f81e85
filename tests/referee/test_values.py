"""Values of many kinds in grading: they cross both ways, changes come back, and none of a submission's says yes."""

from pathlib import Path

import pytest

from tests.referee.test_judge import Part, graded, marks

SETUP = """
import collections, datetime, pathlib, random
from decimal import Decimal
from fractions import Fraction
import numpy as np
from kernelmark.checks import close, crosses
"""


def parts_of(solution: str, tests: dict[str, str]) -> list[Part]:
    return [("solution", "code", solution), *(("test", name, text) for name, text in tests.items())]


class TestBothWays:
    def test_values_are_compared_as_at_a_desk(self, tmp_path: Path):
        """Each goes to the function, comes back, and is equal to itself."""
        tests = {
            "text": "a = np.array(['cat', 'dog'])\n"
            "assert (same(a) == a).all() and np.array_equal(same(a), ['cat', 'dog'])",
            "fraction": "assert same(Fraction(1, 3)) == Fraction(1, 3) and same(Decimal('1.10')) == Decimal('1.1')",
            "dates": "d = datetime.date(2024, 2, 29)\nassert same(d) == d and same({d: 1}) == {d: 1}",
            "path": "assert same(pathlib.Path('a') / 'b') == pathlib.Path('a/b')\n"
            "assert isinstance(same(pathlib.Path()), pathlib.Path)",
            "pair": "assert pair().low == 1 and pair() == (1, 2)",
            "counter": "c = same(collections.Counter('aab'))\nassert c.most_common(1) == [('a', 2)]",
            "moments": "a = np.array(['2024-02-29'], 'M8[D]')\nassert same(a)[0] == a[0] and same(a[0]) == a[0]",
            "masked": "a = np.ma.array([1, 2], mask=[0, 1])\n"
            "assert same(a).sum() == 1 and same(a).mask.tolist() == [False, True]",
            "record": "a = np.array([(1, 'x')], [('n', int), ('s', 'U3')])\nassert same(a)['s'][0] == 'x'",
            "objects": "a = np.array([1, 'a', None], object)\nassert list(same(a)) == [1, 'a', None]",
            "a_constant": "assert third == Fraction(1, 3)",
        }
        solution = """
        third = Fraction(1, 3)
        Pair = collections.namedtuple("Pair", "low high")
        def same(x): return x
        def pair(): return Pair(1, 2)
        """
        assert marks(graded(tmp_path, parts_of(solution, tests), None, SETUP)) == dict.fromkeys(tests, "pass")

    def test_changes_come_back(self, tmp_path: Path):
        """A generator goes on where the call left it; containers and text hold what it wrote."""
        tests = {
            "python_generator": "r = random.Random(3)\nx = draw(r)\ns = random.Random(3)\n"
            "assert [x, r.random()] == [s.random(), s.random()]",
            "numpy_generator": "r = np.random.default_rng(3)\nx = draw(r)\ns = np.random.default_rng(3)\n"
            "assert [x, r.random()] == [s.random(), s.random()]",
            "queue": "from collections import deque\nq = deque([1])\npush(q)\nassert list(q) == [1, 5]",
            "text": "a = np.array(['a', 'b'])\nfill(a)\nassert list(a) == ['z', 'z']",
            "bytes": "b = bytearray(b'ab')\nfill(b)\nassert b == b'zz'",
        }
        solution = """
        def draw(r): return r.random()
        def push(q): q.append(5)
        def fill(a): a[:] = 'z' if isinstance(a, np.ndarray) else b'zz'
        """
        assert marks(graded(tmp_path, parts_of(solution, tests), None, SETUP)) == dict.fromkeys(tests, "pass")

    def test_a_type_of_the_courses_own(self, tmp_path: Path):
        """Two functions in a set-up cell."""
        setup = SETUP + (
            "class Celsius:\n    def __init__(self, d): self.d = d\n"
            "    def __eq__(self, other): return type(other) is Celsius and other.d == self.d\n"
            "crosses(Celsius, lambda value: value.d, Celsius)\n"
        )
        solution = "def warmer(c): return Celsius(c.d + 1)"
        tests = {"own": "assert warmer(Celsius(1)) == Celsius(2)\nassert isinstance(warmer(Celsius(1)), Celsius)"}
        assert marks(graded(tmp_path, parts_of(solution, tests), None, setup)) == {"own": "pass"}

    def test_jax(self, tmp_path: Path):
        """Arrays of JAX go to a function and come back as what they are; the gradient is worked out where it lives."""
        pytest.importorskip("jax")
        tests = {
            "array": "import jax, jax.numpy as jnp\ny = double(jnp.arange(3.0))\nassert isinstance(y, jax.Array)\n"
            "assert y.dtype == jnp.float32 and jnp.allclose(y, jnp.array([0.0, 2.0, 4.0]))",
            "gradient": "import jax.numpy as jnp\ng = slope(jnp.array([1.0, 2.0]))\nassert g.tolist() == [2.0, 4.0]",
            "compiled": "import jax.numpy as jnp\nassert float(fast(jnp.ones((2, 3)))) == 6.0",
        }
        solution = """
        import jax, jax.numpy as jnp
        def double(x): return 2 * x
        def slope(x): return jax.grad(lambda v: (v ** 2).sum())(x)
        fast = jax.jit(lambda x: x.sum())
        """
        wrong = "def double(x): return x\ndef slope(x): return x\ndef fast(x): return 0.0"
        parts = parts_of(solution, tests)
        assert marks(graded(tmp_path, parts, None, SETUP)) == dict.fromkeys(tests, "pass")
        assert marks(graded(tmp_path, parts, {"code": wrong}, SETUP)) == dict.fromkeys(tests, "fail")

    def test_frames(self, tmp_path: Path):
        """Both ways, and changed in place; the judge has pandas because its test imports it."""
        pytest.importorskip("pandas")
        tests = {
            "clean": "import pandas as pd\nout = clean(pd.DataFrame({'a': [1, None]}))\n"
            "assert isinstance(out, pd.DataFrame)\n"
            "assert 'a' in out and len(out) == 1 and (out['a'] == 1).all()",
            "mark": "df = pd.DataFrame({'a': [1, 2]})\nmark(df)\n"
            "assert list(df.columns) == ['a', 'new'] and df['new'].sum() == 2",
        }
        solution = "def clean(df): return df.dropna()\ndef mark(df): df['new'] = 1"
        assert marks(graded(tmp_path, parts_of(solution, tests), None, SETUP)) == dict.fromkeys(tests, "pass")


class TestWhatSubmittedCodeMakes:
    @pytest.mark.parametrize(
        "submitted",
        [
            "class Liar(Fraction):\n    def __eq__(self, other): return True\ndef f(x): return Liar(1, 7)",
            "class Liar:\n    def __eq__(self, other): return True\ndef f(x): return np.array([Liar()], object)",
            "P = collections.namedtuple('P', 'all')\ndef f(x): return P(lambda: True)",
            "from types import SimpleNamespace as S\ndef f(x): return S(all=lambda: True, __eq__=lambda o: True)",
            "class Liar(collections.Counter):\n    def __eq__(self, other): return True\ndef f(x): return Liar('a')",
            "class Liar(np.ma.MaskedArray):\n    def all(self): return True\ndef f(x): return np.zeros(1).view(Liar)",
            "def f(x): return np.ma.masked",
            "def f(x): return np.ma.array([9, 9], mask=True)",
        ],
    )  # fmt: skip
    def test_says_yes_to_nothing(self, tmp_path: Path, submitted: str):
        """It is what it holds, or an object that is not asked."""
        parts = parts_of("def f(x): return Fraction(1, 3)", {"equal": "assert f(3) == Fraction(1, 3)"})
        got = marks(graded(tmp_path, parts, {"code": submitted}, SETUP))
        assert got == {"equal": "fail"}

    @pytest.mark.parametrize(
        "submitted",
        [
            "def f(x): return np.ma.array([1.0, 9.0], mask=[False, True])",
            "import pandas as pd\ndef f(x): return pd.Series([1.0, None], dtype='Float64')",
        ],
    )
    def test_is_not_right_because_it_hides_what_is_wrong(self, tmp_path: Path, submitted: str):
        """What is masked counts in no comparison."""
        pytest.importorskip("pandas")
        tests = {
            "near": "assert np.allclose(f(1), [1.0, 2.0])",
            "all_of_it": "import pandas\nassert (f(1) == np.array([1.0, 2.0])).all()",
        }
        got = marks(
            graded(tmp_path, parts_of("def f(x): return np.array([1.0, 2.0])", tests), {"code": submitted}, SETUP)
        )
        assert got == dict.fromkeys(tests, "fail")

    def test_gains_nothing_by_emptying_what_it_is_given(self, tmp_path: Path):
        """As with arrays: what is right is not worked out from what the call left."""
        tests = {
            "queue": "q = collections.deque([1, 2])\nassert total(q) == sum(q)",
            "text": "a = np.array(['a', 'b'])\nassert total(a) == ''.join(a)",
        }
        solution = "def total(q): return sum(q) if isinstance(q, collections.deque) else ''.join(q)"
        submitted = """
        def total(q):
            if isinstance(q, collections.deque):
                q.clear()
                return 0
            q[:] = ''
            return ''
        """
        result = graded(tmp_path, parts_of(solution, tests), {"code": submitted}, SETUP)
        assert marks(result) == dict.fromkeys(tests, "fail")
        assert "overwrites what it is given (total: argument 1)" in result.cells[0].reason
