"""A class of the test's own built on one of the solution's: its methods are called, and say no more than is so."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kernelmark.records import SubmissionResult
from tests import desk
from tests.small_course import asked, marks, notebook_of, solution

Told = Callable[..., SubmissionResult]
RIGHT = """
from abc import ABC, abstractmethod
class Shape:
    sides = 4
    def __init__(self, n): self.n = n
    def area(self): raise NotImplementedError
    def describe(self): return f"area {self.area()}"
    def run(self): return [self.hook(i) for i in range(self.n)]
    def hook(self, i): return 0
    def same(self): return self
    def twin(self): return type(self)(self.n)
    def larger(self, other): return self if self.area() > other.area() else other
    def __eq__(self, other): return isinstance(other, Shape) and self.n == other.n
    def __hash__(self): return self.n
    @property
    def double(self): return 2 * self.n
def total(shapes): return sum(s.area() for s in shapes)
def make(kind): return kind(3).area()
class Base(ABC):
    @abstractmethod
    def f(self): ...
    def g(self): return self.f() + 1
"""
WRONG = """
class Shape:
    sides = 3
    def __init__(self, n): self.n = n + 1
    def describe(self): return "area"
    def run(self): return []
    def hook(self, i): return i - 1
    def same(self): return Shape(self.n)
    def twin(self): return Shape(self.n)
    def larger(self, other): return other if self.n > other.n else self
    double = 1
def total(shapes): return len(shapes)
def make(kind): return kind
class Base:
    def g(self): return 1
"""
SQUARE = "class Square(Shape):\n    def area(self): return self.n ** 2\n"
SAID = {
    "hook": "class Mine(Shape):\n    def hook(self, i): return i * 10\nassert Mine(3).run() == [0, 10, 20]",
    "init": "class Square(Shape):\n    def __init__(self, side):\n        super().__init__(4)\n"
    "        self.side = side\n"
    "    def area(self): return self.side ** 2\ns = Square(3)\n"
    "assert s.describe() == 'area 9' and (s.n, s.double, s.side, s.sides) == (4, 8, 3, 4)",
    "handed_over": f"{SQUARE}assert total([Square(1), Square(2)]) == 5 and make(Square) == 9",
    "classes": "class Mine(Shape): pass\nm = Mine(1)\nassert isinstance(m, Shape) and issubclass(Mine, Shape)\n"
    "assert isinstance(m, Mine) and not isinstance(Shape(1), Mine) and m.same().n == 1",
    "abstract": "try:\n    Base()\nexcept TypeError: pass\nelse: assert False\n"
    "class B(Base):\n    def f(self): return 41\nassert B().g() == 42",
    "above": "class Mine(Shape):\n    def hook(self, i): return super().hook(i) + 1\nassert Mine(2).run() == [1, 1]",
    "records": "calls = []\nclass Mine(Shape):\n    def __init__(self, n):\n        super().__init__(n)\n"
    "        self.seen = []\n    def hook(self, i):\n        self.seen.append(i)\n        calls.append(i)\n"
    "m = Mine(3)\nm.run()\nassert calls == m.seen == [0, 1, 2]",
    "two_floors": f"{SQUARE}class Cube(Square):\n    def area(self): return 6 * super().area()\n"
    "assert Cube(2).describe() == 'area 24'",
    "made_there": "class Mine(Shape):\n    def __init__(self, n): super().__init__(n + 1)\n"
    "    def area(self): return self.n\n"
    "assert Mine(2).twin().describe() == 'area 4'",
    "given_objects": f"{SQUARE}assert Square(3).larger(Square(2)).n == 3 and Square(1) == Square(1) != Square(2)",
    "kinds_of_methods": "class Mine(Shape):\n    @staticmethod\n    def hook(i): return -i\n    @property\n"
    "    def n(self): return 2\n    @n.setter\n    def n(self, value): pass\nassert Mine(7).run() == [0, -1]",
    "passes_errors_on": "class Mine(Shape):\n    def hook(self, i): raise KeyError('mine')\n"
    "try:\n    Mine(1).run()\nexcept KeyError as error: assert 'mine' in str(error)\nelse: assert False",
}


def test_as_at_a_desk(tmp_path: Path):
    """Overridden, inherited and abstract methods, by the course's own solution and by work that calls none."""
    cells = [asked(name, text) for name, text in SAID.items()]
    own, wrong = (notebook_of(solution("work", text), *cells) for text in (RIGHT, WRONG))
    assert desk.compared(own, wrong, tmp_path) == []


class TestAttacks:
    @pytest.mark.parametrize(
        ("test_source", "submitted"),
        [
            (
                "class Mine(Shape):\n    def hook(self, i):\n        assert i == 0 or i > 0\n        return 5\n"
                "assert Mine(2).run() == [5, 5]",
                "class Yes:\n    def __eq__(self, _): return True\n    __gt__ = __eq__\n"
                "class Shape:\n    def __init__(self, n): pass\n    def run(self): return [self.hook(Yes()), 5]",
            ),
            (
                "class Mine(Shape): pass\nassert Mine(2) == Mine(2)\nassert Mine(2).double == 4",
                "class Yes:\n    def __eq__(self, _): return True\n"
                "class Shape(Yes):\n    def __init__(self, n): pass\n    @property\n    def double(self): return Yes()",
            ),
            (
                "class Mine(Shape):\n    def hook(self, i): return i\nassert Mine(3).run() == [0, 1, 2]",
                "class Yes:\n    def __eq__(self, _): return True\n"
                "class Shape:\n    def __init__(self, n): pass\n    def run(self): return Yes()",
            ),
            (
                "class Mine(Shape):\n    def hook(self, i): return self.n\nassert Mine(1).run() == [1]",
                "class Shape:\n    def __init__(self, n): self.n = n\n    def run(self):\n"
                "        self._kernelmark_number = 10 ** 9\n        return [self.hook(0)]",
            ),
            (
                "class Mine(Shape):\n    def hook(self, i): return i\nassert Mine(1).run() == [0]",
                "class Yes:\n    def __eq__(self, _): return True\n    def __mro_entries__(self, b): return (list,)\n"
                "    def __call__(self, *a): return self\n    def __getattr__(self, n): return self\nShape = Yes()",
            ),
        ],
        ids=["hands over", "equals everything", "answers with", "another number", "is no class"],
    )
    def test_an_object_says_yes_to_nothing(self, told: Told, test_source: str, submitted: str):
        """What a method of the test's is handed, and what an inherited one answers, is no better than any answer."""
        cells = solution("work", RIGHT), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=submitted)) == {"asks": 0.0}

    def test_a_method_of_the_test_is_not_read(self, told: Told):
        """What stands there in its place holds no text and no number of it."""
        test_source = (
            "class Mine(Shape):\n    def hook(self, i):\n        secret = 4242\n        return i\n"
            "assert Mine(1).run() == [0]\nassert Mine(0).describe() == 'area'"
        )
        right = RIGHT.replace('return f"area {self.area()}"', 'return "area"')
        peeks = right.replace(
            'return "area"',
            'import inspect; return "area" if "4242" in str(inspect.getmembers(type(self).hook.__code__)) else "no"',
        )
        cells = solution("work", right), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=peeks)) == {"asks": 0.0}
