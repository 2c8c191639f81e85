"""Values of every kind that crosses, awkward ones among them: what `test_kinds` sends, and what `strategies` spoils."""

import array
import collections
import datetime as dt
import enum
import importlib.util
import random
import uuid
import zoneinfo
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import SimpleNamespace

import numpy as np

Pair = collections.namedtuple("Pair", "low high")


class Colour(enum.Enum):
    RED = 1
    GREEN = "g"


class Mode(enum.Flag):
    READ = 1
    WRITE = 2


@dataclass
class Point:
    x: float
    tags: list = field(default_factory=list)

    def norm(self):
        return abs(self.x)


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


class Celsius:
    """A type that the course has cross by two functions."""

    def __init__(self, degrees):
        self.degrees = degrees

    def __eq__(self, other):
        return type(other) is Celsius and other.degrees == self.degrees

    __hash__ = None


CLASSES = {c.__name__: c for c in (Pair, Colour, Mode, Point, Slotted)}
Stranger = collections.namedtuple("Stranger", "count name")


def advanced(generator):
    generator.random()
    generator.integers(5)
    return generator


def _python():
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    east = dt.timezone(dt.timedelta(hours=5, minutes=30))
    return {
        "fraction": [Fraction(1, 3), Fraction(-7), Fraction(2**500, 3)],
        "decimal": [Decimal("1.10"), Decimal("-0"), Decimal("1E+20"), Decimal("Infinity"), Decimal("-Infinity")],
        "timedelta": [dt.timedelta(-1, 5, 7), dt.timedelta.max, dt.timedelta.min],
        "datetime": [
            dt.datetime.max, dt.datetime(2024, 2, 29, 1, 2, 3, 4, east),
            dt.datetime(2024, 10, 27, 2, 30, tzinfo=berlin, fold=1),
        ],
        "date": [dt.date.min, dt.date(2024, 2, 29)],
        "time": [dt.time(23, 59, 59, 999_999), dt.time(1, tzinfo=dt.UTC)],
        "timezone": [dt.UTC, east, dt.timezone(dt.timedelta(hours=-3), "here")],
        "zone": [berlin, zoneinfo.ZoneInfo("UTC")],
        "path": [Path("a/b.txt"), Path("/"), PurePosixPath("x") / "..", PureWindowsPath("C:/x")],
        "uuid": [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)],
        "ellipsis": [...],
        "bytearray": [bytearray(b""), bytearray(b"\0\xff")],
        "array": [array.array("d", [1.5, 2]), array.array("B")],
        "random": [random.Random(1), random.Random("x")],
        "deque": [collections.deque([1, [2]], maxlen=3), collections.deque()],
        "counter": [collections.Counter("abca"), collections.Counter({(1, 2): -3})],
        "ordered": [collections.OrderedDict([("b", 1), ("a", [2])])],
        "defaultdict": [collections.defaultdict(list, {"a": [1]}), collections.defaultdict(None, {1: 2})],
    }  # fmt: skip


def _numpy():
    record = np.array(
        [(1, "é", [1, 2], True), (2, "", [3, 4], False)], [("n", "<i4"), ("s", "<U3"), ("v", "<f4", 2), ("b", "?")]
    )
    aligned = np.zeros(2, np.dtype([("a", "i1"), ("b", "f8")], align=True))
    return {
        "ndarray": [
            np.array(["cat", "é\U0001f600", ""]), np.array([[b"a\0b", b""]]), np.array(["2024-02-29", "NaT"], "M8[D]"),
            np.array([1, 2], "m8[25ns]"), np.array([], "U5"), record, aligned, record.view(np.recarray),
            np.array(["a"], ">U4"), np.zeros(2, "V3"),
        ],
        "objects": [
            np.array([1, "a", None, Fraction(1, 2)], object), np.array([[1.5], [2]], object), np.array([], object),
            np.array([[1, 2], [3]], object), np.array(["a", "bcd"], np.dtypes.StringDType()),
        ],
        "masked": [
            np.ma.array([1.0, 2, 3], mask=[0, 1, 0]), np.ma.array([1, 2], fill_value=7),
            np.ma.masked_equal(["a", "b"], "a"),
        ],
        "hidden": [np.ma.masked],
        "scalar": [np.datetime64("2024-02-29T01", "h"), np.timedelta64(-3, "s"), record[0], np.datetime64("NaT")],
        "dtype": [np.dtype("U3"), np.dtype("M8[ms]"), record.dtype, aligned.dtype, np.dtype(("f4", (2, 2)))],
        "generator": [
            advanced(np.random.default_rng(3)),
            *(advanced(np.random.Generator(bits(3)))
              for bits in (np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM)),
        ],
        "old generator": [np.random.RandomState(4)],
    }  # fmt: skip


def _classes():
    return {
        "namedtuple": [Pair(1, [2]), Stranger(3, "n")],
        "member": [Colour.RED, Colour.GREEN, Mode.READ, Mode.READ | Mode.WRITE],
        "object": [Point(1.5, ["a"]), Slotted(3)],
        "own": [Celsius(21.5)],
        "namespace": [SimpleNamespace(a=1, b=[2])],
    }


def _pandas():
    import pandas as pd

    berlin = pd.DatetimeIndex(["2024-10-27 02:30", "2024-01-01"]).tz_localize("UTC").tz_convert("Europe/Berlin")
    frame = pd.DataFrame({
        "n": [1.5, None], "s": ["a", None], "i": pd.array([1, None], "Int64"), "b": pd.array([True, None], "boolean"),
        "c": pd.Categorical(["x", "y"], ["y", "x"], ordered=True), "t": berlin, "o": np.array([1, "a"], object),
        "d": pd.to_timedelta([1, 2], unit="s"), "u": pd.array([1, 2], "UInt8"), "f": pd.array([1.5, None], "Float32"),
    })  # fmt: skip
    levels = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["l", None])
    return {
        "frame": [
            frame, pd.DataFrame(), frame.iloc[:0], pd.DataFrame([[1, 2]], columns=["a", "a"], index=["r"]),
            frame.set_index(levels), pd.DataFrame(index=[1, 2]),
        ],
        "series": [
            frame["n"], frame["s"].rename(("x", 1)), pd.Series([1], index=pd.date_range("2024", periods=1, freq="D")),
        ],
        "index": [pd.RangeIndex(2, 9, 3, name="r"), levels, berlin, pd.Index(["a", "b"], name="s"), pd.Index([1, "a"])],
        "categorical": [pd.Categorical(["x", None, "y"])],
        "timestamp": [pd.Timestamp("2024-02-29 01:02:03.000000004"), pd.Timestamp("2024-10-27", tz="Europe/Berlin")],
        "pandas timedelta": [pd.Timedelta(1, "ns"), pd.Timedelta(-3, "D")],
        "NaT": [pd.NaT],
        "NA": [pd.NA],
    }  # fmt: skip


def _scipy():
    import scipy.sparse as sparse
    from scipy.optimize import OptimizeResult

    dense = np.array([[0, 2.5, 0], [1, 0, 0]])
    forms = [getattr(sparse, f"{form}_{sort}")(dense) for form in ("csr", "csc", "coo", "dok", "lil", "dia", "bsr")
             for sort in ("array", "matrix")]  # fmt: skip
    return {
        "sparse": [*forms, sparse.csr_array((3, 0))],
        "result": [OptimizeResult(x=np.array([1.0]), success=True, message="m")],
    }


def _torch():
    import torch

    needing = torch.tensor([1.0, 2.0], requires_grad=True)
    needing.grad = torch.tensor([3.0, 4.0])
    return {
        "tensor": [
            torch.tensor([[1.5, -2]]), torch.tensor(3, dtype=torch.bfloat16), torch.tensor([], dtype=torch.int8),
            torch.tensor([True, False]), torch.arange(6).reshape(2, 3).T, needing, torch.tensor([1j]),
        ],
        "torch size": [torch.Size([2, 3])],
        "torch dtype": [torch.bfloat16, torch.int64],
    }  # fmt: skip


def _jax():
    import jax.numpy as jnp

    return {"jax": [jnp.arange(3), jnp.ones((2, 2))]}


def _sympy():
    import sympy as sp

    x, n = sp.Symbol("x"), sp.Symbol("n", integer=True, positive=True)
    f = sp.Function("f")
    return {
        "sympy": [
            x, n, x + 1, 3 * x**2 - sp.Rational(1, 3), sp.sin(x) ** 2 + sp.cos(x) ** 2, sp.sqrt(2) * sp.pi,
            sp.Float("0.1", 30), sp.exp(-x) / (1 + x), sp.oo, sp.I, sp.true, sp.Eq(x, n), sp.Abs(x), sp.Max(x, n),
            sp.Integral(x**2, (x, 0, 1)), sp.Derivative(f(x), x), sp.Piecewise((x, x > 0), (-x, True)),
            sp.Matrix([[1, x], [0, 2]]), sp.ImmutableMatrix([[x]]), sp.factorial(n), sp.Sum(1 / n**2, (n, 1, sp.oo)),
            sp.log(x, 2), sp.FiniteSet(1, x), sp.Integer(2) ** 100,
        ],
    }  # fmt: skip


_FAMILIES = {
    "": (_python, _numpy, _classes),
    "pandas": (_pandas,),
    "scipy": (_scipy,),
    "torch": (_torch,),
    "sympy": (_sympy,),
    "jax": (_jax,),
}


def installed(library):
    return not library or importlib.util.find_spec(library) is not None


# The kinds that only a library brings; without it their samples are empty, and what asks for them is skipped.
OF_LIBRARY = {
    **dict.fromkeys(
        ("frame", "series", "index", "categorical", "timestamp", "pandas timedelta", "NaT", "NA"), "pandas"
    ),
    **dict.fromkeys(("sparse", "result"), "scipy"),
    **dict.fromkeys(("tensor", "torch size", "torch dtype"), "torch"),
    "sympy": "sympy",
    "jax": "jax",
}


def samples():
    """Return values by the name of their kind, of the libraries that are there."""
    made = {name: [] for name in OF_LIBRARY}
    for library, families in _FAMILIES.items():
        if installed(library):
            for family in families:
                made |= family()
    if installed("ml_dtypes"):
        import ml_dtypes

        for small in (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2):
            made["ndarray"].append(np.array([1.5, -0.0], small))
            made["scalar"].append(small(1.5))
    return made
