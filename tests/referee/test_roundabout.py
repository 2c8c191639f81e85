"""An object that says yes, by roundabout ways: none of them earns anything either."""

from pathlib import Path

from tests.referee.test_judge import graded, marks
from tests.referee.test_objects import SAYS_YES, parts_of

GUARDED = """
class Guard:
    def __enter__(self): return self
    def __exit__(self, *_): return False
def answer(): return 42
def answers(): return [42] * 3
"""
ROUNDABOUT = {
    "swallows": "with Guard():\n    assert answer() == 42",
    "in_part": "p = 0\nif answer() == 42: p += 1\np",
    "keeps": "kept = answer()",
    "kept": "assert kept == 42",
    "in_threads": "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as pool:\n"
    "    assert list(pool.map(lambda _: answer() == 42, range(3))) == [True] * 3",
    "of_numpy": "assert np.mean(answers()) == 42",
    "of_a_locked_cell": "assert first == 42 and doubled == 84",
}


class TestRoundabout:
    def test_ways_earn_nothing_either(self, tmp_path: Path):
        """Part of the points, a later test, threads, a locked cell, a `with` block that takes the failure back."""
        parts = parts_of(GUARDED, ROUNDABOUT)
        parts.insert(1, ("locked", "l", "first = answer()\ndoubled = 84 if answer() == 42 else 0"))
        assert set(marks(graded(tmp_path, parts)).values()) == {"pass"}
        yes = GUARDED + SAYS_YES + "def answer(): return Yes()\ndef answers(): return [Yes()] * 3"
        assert {n for n, mark in marks(graded(tmp_path, parts, {"s": yes})).items() if mark != "fail"} == {"keeps"}
        takes_back = GUARDED + "\nGuard.__exit__ = lambda *_: True\ndef answer(): return 41"
        assert marks(graded(tmp_path, parts, {"s": takes_back}))["swallows"] == "fail"
