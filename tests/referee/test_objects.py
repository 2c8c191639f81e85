"""Objects of the solution's own classes: they take part in a test as at a desk, and say yes to nothing."""

from pathlib import Path

import pytest

from kernelmark.records import SubmissionResult
from tests.referee.test_judge import Part, graded, marks

AUTOGRAD = '''
import math

class Value:
    """A number that remembers how it was made."""

    def __init__(self, data, parents=(), op=""):
        self.data, self.grad, self.op = data, 0.0, op
        self._parents, self._backward = set(parents), lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")
        def backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")
        def backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = backward
        return out

    def __pow__(self, k):
        out = Value(self.data ** k, (self,), "**")
        def backward(): self.grad += k * self.data ** (k - 1) * out.grad
        out._backward = backward
        return out

    def __neg__(self): return self * -1
    def __sub__(self, other): return self + (-other)
    def __rsub__(self, other): return Value(other) - self
    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other
    def __truediv__(self, other): return self * other ** -1
    def __lt__(self, other): return self.data < other.data
    def __abs__(self): return Value(abs(self.data))
    def __float__(self): return float(self.data)
    def __int__(self): return int(self.data)
    def __round__(self, n=0): return round(self.data, n)
    def __format__(self, form): return format(self.data, form)
    def __repr__(self): return f"Value(data={self.data})"

    def tanh(self):
        t = math.tanh(self.data)
        out = Value(t, (self,), "tanh")
        def backward(): self.grad += (1 - t * t) * out.grad
        out._backward = backward
        return out

    def backward(self):
        order, seen = [], set()
        def visit(v):
            if v not in seen:
                seen.add(v)
                for p in v._parents: visit(p)
                order.append(v)
        visit(self)
        self.grad = 1.0
        for v in reversed(order): v._backward()

def dot(xs, ys): return sum((x * y for x, y in zip(xs, ys)), Value(0.0))
def loss(w, b): return (w * 3 + b - 7) ** 2
def number(v): return v.data
'''
AUTOGRAD_SAID = {
    "adds": "c = Value(2) + Value(3)\nassert c.data == 5\nassert isinstance(c, Value)",
    "reflects": "assert (1 + Value(2)).data == 3\nassert (2 * Value(2)).data == 4\nassert (1 - Value(3)).data == -2",
    "chains": "a, b = Value(2.0), Value(-3.0)\nc = (a * b + 10).tanh() - a / b\nassert abs(c.data - 1.6660) < 1e-3",
    "goes_back": "a, b = Value(2.0), Value(3.0)\nd = a * b + a\nd.backward()\nassert (a.grad, b.grad) == (4.0, 2.0)",
    "from_a_function": "w, b = Value(1.0), Value(0.0)\nl = loss(w, b)\nl.backward()\nassert w.grad == -24.0\n"
    "w.data -= 0.1 * w.grad\nassert loss(w, b).data < l.data\nassert float(loss(w, b)) == loss(w, b).data",
    "uses_what_a_function_gave": "s = dot([Value(1), Value(2)], [3, 4]) * 2\nassert s.data == 22\n"
    "assert float(s) == 22.0",
    "converts": "v = Value(2.75)\nassert float(v) == 2.75 and int(v) == 2 and round(v, 1) == 2.8\n"
    "assert abs(-v).data == 2.75",
    "is_told": "v = Value(2)\nassert repr(v) == str(v) == f'{v!r}' == 'Value(data=2)'\n"
    "assert f'{v:.2f}' == '2.00'\n"
    "assert str([v]) == '[Value(data=2)]'",
    "sorts": "vs = sorted([Value(3), Value(1), Value(2)])\nassert [v.data for v in vs] == [1, 2, 3]\n"
    "assert max(vs, key=float).data == 3 and min(vs).data == 1",
    "is_in_a_set": "a = Value(1)\nassert len({a, a, Value(1)}) == 2 and a in [a] and a == a and a != Value(1)",
    "knows_its_parents": "a = Value(1)\nb = a + 1\nassert a in list(b._parents) and b.op == '+'",
    "has_a_class": "v = Value(1)\nassert type(v).__name__ == v.__class__.__name__ == 'Value' == Value.__name__\n"
    "assert type(v) == type(Value(2)) == Value and not isinstance(1, Value) and not isinstance(v, (int, float))\n"
    "assert 'number' in Value.__doc__ and hasattr(v, 'grad') and not hasattr(v, 'nothing')\n"
    "assert callable(Value) and not callable(v) and 'backward' in dir(v)",
    "refuses_as_python_does": "ok = False\ntry: Value(1) + 'x' @ Value(2)\nexcept TypeError: ok = True\nassert ok\n"
    "with raises(TypeError): Value(1) <= Value(2)",
}
TENSOR = """
class ShapeError(ValueError):
    def __init__(self, message, wanted=None):
        super().__init__(message)
        self.wanted = wanted
class EmptyError(ShapeError): pass

class Tensor:
    def __init__(self, data): self.data = np.asarray(data, float)
    @property
    def shape(self): return self.data.shape
    def __matmul__(self, other):
        if self.data.shape[-1] != other.data.shape[0]:
            raise ShapeError("inner sizes differ", wanted=self.data.shape[-1])
        return Tensor(self.data @ other.data)
    def __add__(self, other): return Tensor(self.data + getattr(other, "data", other))
    def __iadd__(self, other):
        self.data += getattr(other, "data", other)
        return self
    def __eq__(self, other): return isinstance(other, Tensor) and bool(np.array_equal(self.data, other.data))
    def __hash__(self): return 7
    def __len__(self): return len(self.data)
    def __getitem__(self, i): return Tensor(self.data[i])
    def __bool__(self): return bool(self.data.any())

class Layer:
    def __call__(self, x): return self.forward(x)
class Dense(Layer):
    def __init__(self, W, b): self.W, self.b = np.asarray(W, float), np.asarray(b, float)
    def forward(self, x): return Tensor(x.data @ self.W + self.b)
    @classmethod
    def eye(cls, n): return cls(np.eye(n), np.zeros(n))
class ReLU(Layer):
    def forward(self, x): return Tensor(np.maximum(x.data, 0))
class Net(Layer):
    def __init__(self, layers): self.layers = layers
    def forward(self, x):
        for layer in self.layers: x = layer(x)
        return x
    def parameters(self): return [l for l in self.layers if isinstance(l, Dense)]
def ones(n):
    if n == 0: raise EmptyError("nothing there")
    return Tensor(np.ones((n, n)))
def total(t): return float(t.data.sum())
"""
TENSOR_SAID = {
    "multiplies": "A, B = Tensor([[1, 2]]), Tensor([[3], [4]])\nclose((A @ B).data, np.array([[11.0]]))\n"
    "assert A @ B == Tensor([[11]])",
    "of_a_function": "t = ones(2) @ ones(2)\nassert t == Tensor([[2, 2], [2, 2]]) and t != ones(2)\n"
    "assert t[0] == Tensor([2, 2])\n"
    "assert isinstance(t, Tensor) and isinstance(ones(2), Tensor)",
    "in_place": "t = ones(1)\nkept = t\nt += 2\nassert kept.data[0, 0] == 3 and t == kept",
    "in_a_set": "assert len({Tensor([1]), Tensor([1])}) == 1 and Tensor([2]) in [Tensor([1]), Tensor([2])]",
    "is_true": "assert ones(1) and not Tensor([0, 0]) and len(ones(3)) == 3",
    "layers": "net = Net([Dense.eye(2), ReLU()])\nassert net(Tensor([[1, -1]])) == Tensor([[1, 0]])\n"
    "assert isinstance(net.layers[0], Dense) and issubclass(Dense, Layer) and not issubclass(Dense, Tensor)\n"
    "assert isinstance(net.layers[1], Layer) and not isinstance(net, ReLU)",
    "updates": "d = Dense.eye(2)\nd.W -= 0.5 * np.ones((2, 2))\nassert d(Tensor([[2, 0]])) == Tensor([[1, -1]])\n"
    "for p in Net([d]).parameters(): p.b = p.b + 1\nassert d(Tensor([[2, 0]])) == Tensor([[2, 0]])",
    "raises": "with raises(ShapeError, match='^inner'): Tensor([[1, 2]]) @ Tensor([[1, 2]])",
    "excepts": "try: Tensor([[1, 2]]) @ Tensor([[1, 2]])\nexcept ShapeError as error: found = error\n"
    "assert found.wanted == 2 and str(found) == 'inner sizes differ' and type(found).__name__ == 'ShapeError'\n"
    "assert isinstance(found, ValueError) and issubclass(EmptyError, ShapeError)\n"
    "assert issubclass(ShapeError, ValueError)",
    "excepts_a_kind": "import unittest\nwith unittest.TestCase().assertRaises(ShapeError): ones(0)\n"
    "with raises(EmptyError): ones(0)\nwith raises(ValueError): ones(0)",
    "makes_an_error": "error = ShapeError('no', wanted=3)\nassert error.wanted == 3 and str(error) == 'no'",
    "kept": "K = ones(2)",
    "uses_what_was_kept": "assert K @ K == Tensor([[2, 2], [2, 2]])\nassert (K + 1).data[0, 0] == 2",
}
WORDS = '''
import contextlib
def area(width: float, height: int = 2, *rest, unit="cm", **more) -> float:
    """Return an area."""
    return width * height
class Box:
    """A box."""
    def __init__(self, size=1): self.size = size
    def double(self, by=2): return self.size * by
async def fetch(n): return n + 1
async def boxed(n): return Box(n)
async def ticks(n):
    for i in range(n): yield i
def talk():
    got = yield 1
    try: yield got * 2
    except ValueError: yield "caught"
class Guard:
    def __init__(self, *kinds): self.kinds, self.seen = kinds, None
    def __enter__(self): return self
    def __exit__(self, kind, error, trace):
        self.seen = kind.__name__ if kind else None
        return kind is not None and kind.__name__ in self.kinds
class Later:
    async def __aenter__(self): return 5
    async def __aexit__(self, *_): return False
'''
WORDS_SAID = {
    "signature": "import inspect\ns = inspect.signature(area)\n"
    "assert list(s.parameters) == ['width', 'height', 'rest', 'unit', 'more']\n"
    "assert s.parameters['height'].default == 2 and s.parameters['unit'].kind.name == 'KEYWORD_ONLY'\n"
    "assert s.return_annotation is float and str(s).startswith('(width: float, height: int = 2, *rest')\n"
    "assert inspect.getfullargspec(area).args == ['width', 'height']\n"
    "assert list(inspect.signature(Box.double).parameters) == ['self', 'by']\n"
    "assert list(inspect.signature(Box).parameters) == ['size']\nassert area.__annotations__['width'] is float",
    "source": "import inspect\n"
    "assert 'width * height' in inspect.getsource(area) and 'def double' in inspect.getsource(Box)\n"
    "assert inspect.getsource(area).startswith('def area') and len(inspect.getsourcelines(area)[0]) == 3",
    "words": "import inspect\nassert inspect.getdoc(area) == 'Return an area.' and Box.__doc__ == 'A box.'\n"
    "assert area.__name__ == 'area' and callable(area) and 'size' in dir(Box(3)) and 'double' in dir(Box)",
    "sorts": "import inspect\n"
    "assert inspect.isfunction(area) and not inspect.isclass(area) and inspect.isclass(Box)\n"
    "assert inspect.ismethod(Box().double) and inspect.iscoroutinefunction(fetch)\n"
    "assert inspect.isgeneratorfunction(talk) and inspect.isasyncgenfunction(ticks) and inspect.isgenerator(talk())",
    "awaits": "import asyncio\nassert asyncio.run(fetch(1)) == 2\n"
    "async def main(): return await asyncio.gather(fetch(1), fetch(2)), (await boxed(4)).size\n"
    "assert asyncio.run(main()) == ([2, 3], 4)",
    "awaits_on_top": "assert await fetch(3) == 4",
    "loops_later": "import asyncio\nasync def main(): return [i async for i in ticks(3)]\n"
    "assert asyncio.run(main()) == [0, 1, 2]",
    "with_later": "import asyncio\nasync def main():\n    async with Later() as got: return got\n"
    "assert asyncio.run(main()) == 5",
    "sends": "g = talk()\nassert next(g) == 1 and g.send(4) == 8 and g.throw(ValueError('x')) == 'caught'\n"
    "g.close()\n"
    "assert list(g) == []",
    "ends": "g = talk()\nnext(g), g.send(1)\nended = False\ntry: next(g)\nexcept StopIteration: ended = True\n"
    "assert ended",
    "leaves": "with Guard('KeyError') as g: raise KeyError('x')\nassert g.seen == 'KeyError'\n"
    "with raises(ValueError):\n    with Guard('KeyError') as g: raise ValueError('x')\n"
    "assert g.seen == 'ValueError'\n"
    "with Guard() as g: pass\nassert g.seen is None",
}
COURSES = {"autograd": (AUTOGRAD, AUTOGRAD_SAID), "tensor": (TENSOR, TENSOR_SAID), "words": (WORDS, WORDS_SAID)}


def parts_of(solution: str, said: dict[str, str]) -> list[Part]:
    return [("solution", "s", solution), *(("test", name, text) for name, text in said.items())]


@pytest.fixture(scope="module")
def courses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SubmissionResult]:
    """Each course's own solution, handed in."""
    folder = tmp_path_factory.mktemp("courses")
    return {name: graded(folder, parts_of(*course)) for name, course in COURSES.items()}


class TestObjectsTakePart:
    @pytest.mark.parametrize(("course", "name"), [(c, name) for c, (_, said) in COURSES.items() for name in said])
    def test_as_at_a_desk(self, courses: dict[str, SubmissionResult], course: str, name: str):
        """The course's own solution passes; plain Python passes these too."""
        cell = courses[course].cell(name)
        assert cell is not None
        assert (cell.mark, cell.reason, cell.staff) == ("pass", "", "")


# What is changed in a course's solution.
WRONG = [
    ("autograd", "out = Value(self.data + other.data,", "out = Value(self.data - other.data,"),
    ("autograd", 'return f"Value(data={self.data})"', 'return "Value"'),
    ("autograd", "def __lt__(self, other): return self.data < other.data", ""),
    ("autograd", "            other.grad += out.grad", "            pass"),
    ("autograd", "def __float__(self): return float(self.data)", "def __float__(self): return self"),
    ("tensor", "np.array_equal(self.data, other.data)", "False"),
    ("tensor", "class ShapeError(ValueError):", "class ShapeError(KeyError):"),
    ("tensor", 'raise EmptyError("nothing there")', 'raise ValueError("nothing there")'),
    ("tensor", "return Tensor(np.ones((n, n)))", "return np.ones((n, n))"),
    ("words", "return kind is not None and kind.__name__ in self.kinds", "return True"),
    ("words", "height: int = 2", "height: int = 3"),
    ("words", "async def fetch(n): return n + 1", "async def fetch(n): return n"),
]
# Plain Python has no loop around it, and no cells whose text could be read.
NOT_PLAIN = {"awaits_on_top", "source"}


def fails_at_a_desk(solution: str, said: dict[str, str]) -> set[str]:
    """Return the tests that fail in plain Python, in one process."""
    names: dict[str, object] = {}
    exec("import numpy as np\nfrom kernelmark.checks import close, raises", names)
    exec(solution, names)
    failed = set()
    for name in said.keys() - NOT_PLAIN if "kept" not in said else said:
        try:
            exec(said[name], names)
        except Exception:  # whatever a test of it raises is what fails it
            failed.add(name)
    return failed


class TestAtADesk:
    @pytest.mark.parametrize("course", COURSES)
    def test_nothing_fails(self, course: str):
        """What these tests say is plain Python."""
        assert fails_at_a_desk(*COURSES[course]) == set()

    @pytest.mark.parametrize("change", WRONG, ids=lambda change: change[2].strip()[:40] or "none")
    def test_fails_what_fails_here(self, tmp_path: Path, change: tuple[str, str, str]):
        """Wrong work loses the tests that it fails in plain Python, and no others; nobody has to look."""
        course, right, wrong = change
        solution, said = COURSES[course]
        assert right in solution
        found = marks(graded(tmp_path, parts_of(solution, said), {"s": solution.replace(right, wrong)}))
        failed = {name for name, mark in found.items() if mark == "fail"}
        assert failed - NOT_PLAIN == fails_at_a_desk(solution.replace(right, wrong), said)
        assert "person" not in found.values()


SAYS_YES = """
import functools, operator
class Yes:
    def __init__(self, *args): self.args = args
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return lambda *args, **kwargs: True
    def __float__(self): return float(next(ANSWERS, 1))
    def __int__(self): return int(next(ANSWERS, 1))
    def __index__(self): return 1
    def __bool__(self): return True
    def __str__(self): return "42"
    def __repr__(self): return "42"
    def __format__(self, form): return "42.00"
    def __hash__(self): return hash(42)
    def __len__(self): return 2
    def __iter__(self): return iter([Yes(), Yes()])
    def __getitem__(self, key): return self
    def __array__(self, *args, **kwargs): return np.array(42.0)
    def __enter__(self): return self
    def __exit__(self, *_): return True
    def __instancecheck__(self, other): return True
ANSWERS = iter([42] * 1000)
for name in "eq ne lt le gt ge contains".split(): setattr(Yes, f"__{name}__", lambda self, other: True)
for name in "add sub mul truediv pow mod floordiv matmul".split():
    for form in ("__{}__", "__r{}__", "__i{}__"): setattr(Yes, form.format(name), lambda self, other: self)
for name in "neg pos abs round".split(): setattr(Yes, f"__{name}__", lambda self, *_: self)
"""
PLACES = """
import contextlib
class Vec:
    def __init__(self, x, y): self.x, self.y, self.tags = x, y, ["a"]
    def __add__(self, other): return Vec(self.x + other.x, self.y + other.y)
    def __eq__(self, other): return isinstance(other, Vec) and (self.x, self.y) == (other.x, other.y)
    def __repr__(self): return f"Vec({self.x}, {self.y})"
    def dot(self, other): return self.x * other.x + self.y * other.y
    def half(self): return Vec(self.x / 2, self.y / 2)
    def __float__(self): return float(self.x)
def answer(): return 42
def answers(): return [42, 42]
def pair(): return 42, Vec(1, 2)
def table(): return {"a": 42}
def make(): return Vec(1, 2)
def word(): return "42"
def numbers(): return np.array([42.0, 42.0])
async def later(): return 42
def each():
    yield 42
    yield 42
value = 42
"""
# Where a submission puts its object, and what stands there in the course's own solution.
PUT = {
    "a_function": "def answer(): return Yes()",
    "a_list": "def answers(): return [Yes(), Yes()]",
    "a_list_itself": "def answers(): return Yes()",
    "a_tuple": "def pair(): return Yes(), Vec(1, 2)",
    "a_tuple_of_made": "def pair(): return Vec(1, 2), Vec(1, 2)\nVec.__eq__ = lambda *_: True",
    "a_dict": "def table(): return {'a': Yes()}",
    "a_dict_itself": "def table(): return Yes()",
    "an_object": "def make(): return Yes()",
    "an_object_of_its_name": "def answer():\n    found = Vec(1, 2)\n    return found\nVec.__eq__ = lambda *_: True",
    "a_class_of_its_name": "class Vec(Yes): pass\ndef answer(): return Vec(1, 2)",
    "the_same_object": "one = Vec(1, 2)\ndef make(): return one\ndef answer(): return one\n"
    "Vec.__eq__ = lambda *_: True",
    "text": "def word(): return Yes()",
    "an_array": "def numbers(): return Yes()",
    "a_method": "Vec.dot = lambda self, other: Yes()",
    "an_attribute": "Vec.x = property(lambda self: Yes(), lambda self, x: None)",
    "a_coroutine": "async def later(): return Yes()",
    "a_generator": "def each():\n    yield Yes()\n    yield Yes()",
    "a_name": "value = Yes()",
    "an_operator": "Vec.__add__ = lambda self, other: Yes()",
    "another_name": "class int_(Yes): pass\nint_.__name__ = 'int'\ndef answer(): return int_()",
    "an_array_by_name": "class ndarray(Yes): pass\ndef numbers(): return ndarray()",
    "wrong": "def answer(): return 41",
}
ASKED = {
    "answer": ("a_function an_object_of_its_name the_same_object another_name a_class_of_its_name", [
        "assert answer() == 42", "assert 42 == answer()", "assert not answer() != 42", "assert answer() > 41",
        "assert abs(answer() - 42) < 1e-9", "assert float(answer()) == 42", "assert int(answer()) == 42",
        "assert str(answer()) == '42'", "assert f'{answer()}' == '42'", "assert repr(answer()) == '42'",
        "assert answer() in [42]", "assert answer() in {42}", "assert np.allclose(answer(), 42)",
        "assert np.isclose(answer(), 42)", "assert round(answer()) == 42", "assert answer() + 1 == 43",
        "assert 1 + answer() == 43", "np.testing.assert_allclose(answer(), 42)", "assert np.array_equal(answer(), 42)",
        "import unittest\nunittest.TestCase().assertEqual(answer(), 42)", "close(answer(), 42)",
        "import math\nassert math.isclose(answer(), 42)", "assert isinstance(answer(), int)",
        "assert type(answer()) is int", "assert type(answer()).__name__ == 'int'",
        "got = answer()\ngot += 1\nassert got == 43",
        "match answer():\n    case 42: pass\n    case _: assert False", "assert [1, 2, 3][answer() - 41] == 2",
        "import contextlib\nok = False\n"
        "with contextlib.suppress(Exception):\n    assert answer() == 42\n    ok = True\nassert ok",
        "try: same = answer() == 42\nexcept Exception: same = True\nassert same",
        "assert sorted([answer(), 41])[0] == 41", "assert max(answer(), 0) == 42", "assert sum([answer(), 1]) == 43",
        "np.add(answer(), 1) == 43 and 1.0",
    ]),
    "answers": ("a_list a_list_itself", [
        "assert answers() == [42, 42]", "assert sum(answers()) == 84", "assert answers()[1] == 42",
        "assert all(a == 42 for a in answers())", "assert np.allclose(answers(), 42)", "close(answers(), [42, 42])",
    ]),
    "pair": ("a_tuple a_tuple_of_made", ["assert pair()[0] == 42", "n, v = pair()\nassert n == 42 and v == Vec(1, 2)"]),
    "table": ("a_dict a_dict_itself", ["assert table()['a'] == 42", "assert table() == {'a': 42}"]),
    "word": ("text", ["assert word() == '42'", "assert word().isdigit()", "assert '4' in word()",
        "assert word() + '1' == '421'"]),
    "numbers": ("an_array an_array_by_name", [
        "assert (numbers() == 42).all()", "assert np.all(numbers() == 42)", "close(numbers(), np.array([42.0, 42.0]))",
        "np.testing.assert_array_equal(numbers(), 42)", "assert type(numbers()).__name__ == 'ndarray'",
    ]),
    "dot": ("a_method", ["assert Vec(1, 2).dot(Vec(2, 20)) == 42", "assert abs(Vec(1, 2).dot(Vec(2, 20)) - 42) < 1"]),
    "x": ("an_attribute", ["assert Vec(42, 2).x == 42", "assert (Vec(42, 2) + Vec(1, 1)).x == 43"]),
    "later": ("a_coroutine", ["import asyncio\nassert asyncio.run(later()) == 42", "assert await later() == 42"]),
    "each": ("a_generator", ["assert list(each()) == [42, 42]", "assert next(each()) == 42"]),
    "value": ("a_name", ["assert value == 42", "assert value + 1 == 43", "assert abs(value - 42) < 1"]),
    "add": ("an_operator an_object", [
        "assert (Vec(1, 2) + make()) == Vec(2, 4) and make() == Vec(1, 2)",
        "assert isinstance(make(), Vec) and isinstance(Vec(1, 2) + Vec(1, 2), Vec)",
        "assert repr(make()) == 'Vec(1, 2)' and repr(Vec(1, 2) + Vec(1, 2)) == 'Vec(2, 4)'",
    ]),
}  # fmt: skip
ALL_ASKED = {f"{what}_{n}": text for what, (_, texts) in ASKED.items() for n, text in enumerate(texts)}


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Marks of the course's own solution, and of each submission."""
    parts, folder = parts_of(PLACES, ALL_ASKED), tmp_path_factory.mktemp("placed")
    found = {name: marks(graded(folder, parts, {"s": PLACES + SAYS_YES + trick})) for name, trick in PUT.items()}
    return {"": marks(graded(folder, parts)), **found}


LIARS = {
    "yes_to_all": "Vec.__eq__ = lambda self, other: True",
    "yes_to_its_own": "Vec.__eq__ = lambda self, other: isinstance(other, Vec)",
    "yes_to_all_and_nothing_done": "Vec.__eq__ = lambda *_: True\nVec.__add__ = lambda self, other: self",
    "a_class_of_yes": "class Vec(Yes): pass\ndef make(): return Vec()",
}


class TestAnObjectThatEqualsEverything:
    @pytest.mark.parametrize("trick", LIARS)
    def test_has_to_say_no_too(self, tmp_path: Path, trick: str):
        """Its class is what is tested, so it may answer; what it says to all alike is worth nothing."""
        parts = parts_of(
            PLACES, {"t": "assert Vec(1, 2) + Vec(3, 4) == Vec(4, 6)", "u": "assert make() + make() == Vec(2, 4)"}
        )
        assert marks(graded(tmp_path, parts, {"s": PLACES + SAYS_YES + LIARS[trick]})) == {"t": "fail", "u": "fail"}
        assert marks(graded(tmp_path, parts)) == {"t": "pass", "u": "pass"}


class TestAnObjectInThePlaceOfAPlainValue:
    def test_is_not_what_the_course_has_there(self, placed: dict[str, dict[str, str]]):
        """Its own solution passes all of these tests."""
        assert set(placed[""].values()) <= {"pass"}

    @pytest.mark.parametrize("trick", PUT)
    def test_earns_nothing_where_it_stands(self, placed: dict[str, dict[str, str]], trick: str):
        """However it is asked, whatever is caught; and nobody has to look."""
        meant = {name for name in ALL_ASKED if trick in ASKED[name.rsplit("_", 1)[0]][0].split()}
        assert {name: placed[trick][name] for name in meant} == dict.fromkeys(meant, "fail")
        assert "person" not in placed[trick].values()

    @pytest.mark.parametrize("trick", ["a_function", "a_list", "a_method", "text", "a_name", "a_coroutine"])
    def test_costs_nothing_elsewhere(self, placed: dict[str, dict[str, str]], trick: str):
        """Tests that never meet it pass."""
        others = {n for n in ALL_ASKED if trick not in ASKED[n.rsplit("_", 1)[0]][0].split()}
        assert {placed[trick][name] for name in others} == {"pass"}
