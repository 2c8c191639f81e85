"""What a test puts in the place of a module's function is so for the solution, as at a desk, and opens no way in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kernelmark.records import SubmissionResult
from tests import desk
from tests.small_course import asked, marks, notebook_of, plain, solution

Told = Callable[..., SubmissionResult]
RIGHT = """
import json, math, os, random, time
from random import randint
import numpy as np
def draw(): return random.random()
def heads(n): return sum(random.random() < 0.5 for _ in range(n))
def roll(): return randint(1, 6)
def roll_again(): return random.randint(1, 6)
def pair(): return np.random.rand(2).tolist()
def wait():
    time.sleep(30)
    return 'done'
def took(f):
    start = time.monotonic()
    f()
    return time.monotonic() - start
def names(): return sorted(os.listdir('.'))
def folder():
    try: return os.getcwd()
    except OSError: return None
def round_trip(x): return json.loads(json.dumps(x))
def circle(): return math.pi
"""
WRONG = """
import random
draw = heads = roll = roll_again = pair = wait = names = folder = circle = lambda *_: 0.25
def took(f): return f()
def round_trip(x): return x
"""
SAID = {
    "by_name": "with mock.patch('random.random', return_value=0.5):\n    assert draw() == 0.5\nassert draw() != 0.5",
    "object": "with mock.patch.object(random, 'random', side_effect=[.1, .9, .2]) as m:\n    assert heads(3) == 2\n"
    "assert m.call_count == 3",
    "sleeps": "with mock.patch('time.sleep') as m:\n    assert wait() == 'done'\nm.assert_called_once_with(30)",
    "clock": "with mock.patch('time.monotonic', side_effect=[1.0, 3.5]):\n    assert took(lambda: None) == 2.5",
    "in_numpy": "with mock.patch.object(np.random, 'rand', return_value=np.array([1.0, 2.0])):\n"
    "    assert pair() == [1.0, 2.0]",
    "by_hand": "kept = random.randint\nrandom.randint = lambda a, b: b\ntry:\n    assert roll_again() == 6\nfinally:\n"
    "    random.randint = kept",
    "left_there": "random.randint = lambda a, b: a - 1\nassert roll_again() == 0",
    "is_over": "import random\nrandom.seed(4)\na = draw()\nrandom.seed(4)\nassert a == draw() != draw()",
    "monkeypatch": "import pytest\nwith pytest.MonkeyPatch.context() as m:\n"
    "    m.setattr('random.random', lambda: 0.75)\n    assert draw() == 0.75",
    "of_the_notebook": "with mock.patch('__main__.randint', return_value=9) as m:\n    assert roll() == 9\n"
    "m.assert_called_once_with(1, 6)\nassert 1 <= roll() <= 6",
    "decorated": "@mock.patch('random.random', return_value=0.125)\ndef check(m):\n    assert draw() == 0.125\n"
    "    m.assert_called_once()\ncheck()",
    "fixed_answers_of_os": "with mock.patch('os.listdir', return_value=['b', 'a']):\n    assert names() == ['a', 'b']",
    "raises": "with mock.patch('os.getcwd', side_effect=OSError('gone')):\n    assert folder() is None",
    "what_the_line_uses": "with mock.patch('json.dumps', return_value='[7]') as m:\n    assert round_trip(3) == [7]\n"
    "assert m.called",
    "a_constant": "with mock.patch('math.pi', 3):\n    assert circle() == 3",
    "in_a_callback": "with mock.patch('random.random', return_value=0.5):\n"
    "    assert took(lambda: random.random() == draw() or 1 / 0) >= 0",
}


def test_as_at_a_desk(tmp_path: Path):
    """Every way of replacing something, by the course's own solution and by work that asks nothing of the kind."""
    cells = plain("from unittest import mock"), *(asked(name, text) for name, text in SAID.items())
    own, wrong = (notebook_of(solution("work", text), *cells) for text in (RIGHT, WRONG))
    assert desk.compared(own, wrong, tmp_path) == []


class TestAttacks:
    @pytest.mark.parametrize(
        "test_source",
        [
            "with mock.patch('os.remove', wraps=os.remove) as m:\n    assert clean() is None\nassert m.called",
            "kept = os.remove\nos.remove = lambda name: kept(name)\ntry:\n    assert clean() is None\n"
            "finally:\n    os.remove = kept",
            "kept = math.sqrt\nmath.sqrt = lambda name: os.remove(name)\ntry:\n    assert clean() is None\n"
            "finally:\n    math.sqrt = kept",
        ],
        ids=["wraps", "hands on", "by another's name"],
    )
    def test_reach_no_file_of_the_grader(self, told: Told, tmp_path: Path, test_source: str):
        """A spy hands on to the real function what it is told, with the grader's rights: nothing is removed."""
        precious = tmp_path / "precious.txt"
        precious.write_text("a grade book")
        honest = "import math, os\ndef clean():\n    try: os.remove('nothing_there')\n    except OSError: pass"
        attack = (
            f"import math, os\ndef clean():\n    for f in (os.remove, math.sqrt):\n        try: f({str(precious)!r})\n"
            "        except Exception: pass"
        )
        cells = plain("import math, os\nfrom unittest import mock"), solution("work", honest)
        told(*cells, asked("asks", test_source), work=attack)
        assert precious.read_text() == "a grade book"

    def test_read_no_file_of_the_grader(self, told: Told, tmp_path: Path):
        """What a function of the test finds where submitted code points it to does not come back."""
        (tmp_path / "secret.txt").write_text("41")
        test_source = (
            "import numpy as np\nkept = np.loadtxt\nnp.loadtxt = lambda name: kept(name)\n"
            "try:\n    assert total('numbers.txt') == 42\nfinally:\n    np.loadtxt = kept"
        )
        work = "import numpy as np\ndef total(name):\n    return 42"
        attack = (
            f"import numpy as np\nname_ = {str(tmp_path / 'secret.txt')!r}\ndef total(name):\n"
            "    try: return float(np.loadtxt(name_)) + 1\n    except Exception as error: return type(error).__name__"
        )
        cells = solution("work", work), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=attack)) == {"asks": 0.0}

    def test_change_nothing_for_the_judge(self, told: Told):
        """What submitted code leaves in the place of a module's function stays with it."""
        test_source = (
            "with mock.patch('random.random', return_value=0.5):\n    assert draw() == 0.5\n"
            "import math\nassert root(16.0) == math.sqrt(16.0)"
        )
        work = "import math, random\ndef draw():\n    return random.random()\ndef root(x):\n    return math.sqrt(x)"
        attack = (
            "import math, random\ndef draw():\n    math.sqrt = lambda x: 0.0\n    return random.random()\n"
            "def root(x):\n    return 0.0"
        )
        cells = plain("from unittest import mock"), solution("work", work), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=attack)) == {"asks": 0.0}
