"""Kinds of value: what crosses comes out as it went in; what submitted code makes of it is a value or WireError."""

import collections
import contextlib
import json
import random
import sys
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from kernelmark import checks, own_types
from kernelmark.wire import kind as kind_room
from kernelmark.wire import kinds, kinds_python
from kernelmark.wire.bounds import WireError
from kernelmark.wire.kind import Kept
from kernelmark.wire.proxy import Proxy
from kernelmark.wire.values import Decoder, Encoder, alike, refuse
from tests.wire.samples import CLASSES, OF_LIBRARY, Celsius, Colour, Mode, Pair, Point, Slotted, installed, samples
from tests.wire.strategies import honest, spoiled

NAMES = sorted(kinds.ALL)
# What an answer is made of, and may be made to a proxy of.
TRUSTED = {
    "builtins", "numpy", "datetime", "decimal", "fractions", "pathlib", "uuid", "zoneinfo", "collections", "random",
    "array", "types", "enum", "pandas", "scipy", "torch", "jax", "jaxlib", "ml_dtypes", "kernelmark",
}  # fmt: skip


@pytest.fixture(autouse=True)
def course():
    """Know the course's classes, and no more of them afterwards."""
    own_types.know_classes(lambda: CLASSES)
    checks.crosses(Celsius, lambda value: value.degrees, Celsius)
    yield
    own_types.know_classes(dict)
    own_types._own.pop(Celsius)


def need(name):
    library = OF_LIBRARY.get(name, "")
    if not installed(library):
        pytest.skip(f"{library} is not installed")


def over(value):
    """Send a value through the encoder, JSON and the decoder; return what arrives."""
    encoder = Encoder(refuse)
    node = json.loads(json.dumps(encoder.encode(value)))
    with beside_submitted_code():
        return Decoder([bytes(raw) for raw in encoder.sent.buffers], refuse).decode(node)


@contextlib.contextmanager
def beside_submitted_code():
    """Be the process that reads only what the judge wrote."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind_room, "_beside_submitted_code", True)
        yield


def received(name, plain, buffers=()):
    """Decode a message that some process wrote."""
    return Decoder(list(buffers), refuse).decode({"x": [name, plain]})


class TestRoundTrip:
    @pytest.mark.parametrize("name", NAMES)
    def test_every_kind_comes_out_as_it_went_in(self, name):
        """Of the same type, and to the bit the same when it is sent again; alone and in a list."""
        need(name)
        for value in samples()[name]:
            for sent, back in ((value, over(value)), ([value], over([value]))):
                assert type(back).__name__ == type(sent).__name__
                assert alike(back, sent)

    @pytest.mark.parametrize("name", NAMES)
    def test_is_sent_as_its_own_kind(self, name):
        """No sample goes another way."""
        need(name)
        for node, _ in honest(name):
            assert node["x"][0] == name

    def test_equality_is_that_of_the_values(self):
        """What a test compares with is equal to what came."""
        for name in ("fraction", "decimal", "datetime", "path", "deque", "namedtuple", "member", "own", "defaultdict"):
            for value in samples()[name]:
                assert over(value) == value

    def test_times_keep_their_zone(self):
        """An hour that comes twice is the one that was meant."""
        for value in samples()["datetime"][1:]:
            back = over(value)
            assert (back.utcoffset(), str(back.tzinfo)) == (value.utcoffset(), str(value.tzinfo))

    @pytest.mark.parametrize("name", ["random", "generator", "old generator"])
    def test_generators_go_on_where_they_were(self, name):
        """The other side draws the numbers that would have come here."""
        for value in samples()[name]:
            assert over(value).random() == value.random()

    def test_arrays_hold_what_they_held(self):
        """Content, mask and code points."""
        for value in (*samples()["ndarray"], *samples()["objects"]):
            assert over(value).tobytes() == value.tobytes() or (over(value) == value).all()
        for value in samples()["masked"]:
            assert (over(value) == value).all()
            assert (np.ma.getmaskarray(over(value)) == np.ma.getmaskarray(value)).all()

    def test_frames_are_equal_for_pandas(self):
        """What `assert_frame_equal` asks: dtypes, names and index too."""
        pandas = pytest.importorskip("pandas")
        for value in samples()["frame"]:
            pandas.testing.assert_frame_equal(over(value), value)
        for value in samples()["series"]:
            pandas.testing.assert_series_equal(over(value), value, check_freq=True)
        for value in samples()["index"]:
            pandas.testing.assert_index_equal(over(value), value, exact=True)

    def test_sparse_matrices_write_out_the_same(self):
        """Of every format."""
        pytest.importorskip("scipy")
        for value in samples()["sparse"]:
            assert (over(value).toarray() == value.toarray()).all()

    def test_the_courses_classes_come_out_as_themselves(self):
        """`isinstance`, fields and methods."""
        point = over(Point(-2.0, ["a"]))
        assert isinstance(point, Point)
        assert point.norm() == 2.0
        assert over(Colour.RED) is Colour.RED
        assert over(Mode.READ | Mode.WRITE) is Mode.READ | Mode.WRITE
        assert isinstance(over(Pair(1, 2)), Pair)
        assert not hasattr(over(Slotted(1)), "b")

    def test_a_namedtuple_that_nobody_knows_has_its_fields(self):
        """The judge need not know a class to ask for `.low`."""
        own_types.know_classes(dict)
        back = over(Pair(1, 2))
        assert (back.low, back.high, back, type(back).__name__) == (1, 2, (1, 2), "Pair")
        assert type(over(Pair(3, 4))) is type(back)

    def test_a_result_without_its_library_has_its_fields(self, monkeypatch):
        """A test asks `fit().x` and has not imported SciPy."""
        optimize = pytest.importorskip("scipy.optimize")
        value = optimize.OptimizeResult(x=1.5, nit=3)
        encoder = Encoder(refuse)
        node = encoder.encode(value)
        monkeypatch.delitem(sys.modules, "scipy.optimize")
        back = Decoder([], refuse).decode(node)
        assert (back.x, back["nit"], isinstance(back, dict)) == (1.5, 3, True)
        with pytest.raises(AttributeError):
            back.y  # noqa: B018

    def test_what_a_cell_builds_on_a_value_keeps_its_methods(self):
        """An object of a student's own class stays behind, as before; on a container it crosses as that."""
        Money = type("Money", (Decimal,), {"__module__": "__main__"})
        Tally = type("Tally", (collections.Counter,), {"__module__": "__main__"})
        assert Encoder(lambda _: {"h": 5}).encode(Money("1.5")) == {"h": 5}
        assert type(over(Tally("aa"))) is collections.Counter
        assert type(over(type("Plain", (dict,), {})(a=1))) is dict


class TestBounds:
    @pytest.mark.parametrize(
        "value",
        [
            Fraction(2 ** (kinds_python.MAX_FRACTION_BITS + 1), 3),
            Decimal("1e999999"),
            Decimal("1" * (kinds_python.MAX_DECIMAL_DIGITS + 1)),
            Decimal("sNaN"),
            Path("x" * 5000),
            random.SystemRandom(),
            np.array([object()], object),
            np.zeros(2, [("a", "O")]),
            SimpleNamespace(_hidden=1),
        ],
        ids=lambda v: type(v).__name__,
    )
    def test_what_is_too_large_or_no_plain_data_stays_behind(self, value):
        """It is an object in its own process, and nothing of it is sent."""
        encoder = Encoder(lambda _: {"h": 5})
        assert encoder.encode(value) == {"h": 5}
        assert encoder.sent.buffers == []

    def test_a_frame_of_too_many_objects_stays_behind(self, monkeypatch):
        """The rest of the message is as if it had not been tried."""
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"a": np.arange(3), "s": np.array([object(), 1, 2], object)})
        encoder = Encoder(lambda _: {"h": 5})
        assert encoder.encode([frame, b"x"]) == [{"h": 5}, {"b": 0}]
        assert encoder.sent.buffers == [b"x"]
        assert encoder.sent.values == []

    def test_a_sparse_matrix_that_is_huge_written_out(self):
        """A test writes it out."""
        sparse = pytest.importorskip("scipy.sparse")
        huge = sparse.coo_array((2**20, 2**20))
        assert Encoder(lambda _: {"h": 5}).encode(huge) == {"h": 5}
        node, buffers = next(m for m in honest("sparse") if m[0]["x"][1][0] == "coo")
        with pytest.raises(WireError, match="bytes"):
            received("sparse", [*node["x"][1][:2], [2**20, 2**20], *node["x"][1][3:]], buffers)


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "plain"),
        [
            ("fraction", [1, 0]), ("fraction", [1, -2]), ("fraction", [True, 2]), ("fraction", [1.5, 2]),
            ("fraction", [{"i": hex(2**20000)}, 3]),
            ("decimal", ["", "1", 999_999_999]), ("decimal", ["", "1", "N"]), ("decimal", ["x", "1", 0]),
            ("decimal", ["", "1" * 20_000, 0]), ("decimal", ["", "1_0", 0]), ("decimal", ["", [1], 0]),
            ("timedelta", [10**9, 0, 0]), ("timedelta", [0, -1, 0]), ("timedelta", [1e5, 0, 0]),
            ("date", [2023, 2, 29]), ("date", [10**9, 1, 1]), ("date", [2023, 2]),
            ("datetime", [2023, 1, 1, 0, 0, 0, 0, "UTC", 0]), ("time", [0, 0, 0, 0, {"h": 3}, 0]),
            ("timezone", [[1, 0, 0]]), ("zone", "../../etc/passwd"), ("zone", "/etc/passwd"), ("zone", "No/Such"),
            ("path", ["PosixPath", "a\0b"]), ("path", ["os", "a"]), ("path", ["PosixPath", "x" * 5000]),
            ("uuid", -1), ("uuid", {"i": hex(2**128)}), ("bytearray", 10**9), ("bytearray", "text"),
            ("array", ["u", {"b": 0}]), ("array", ["d", {"h": 0}]),
            ("random", [[0] * 624 + [625], None]), ("random", [[-1] * 625, None]), ("random", [[0] * 625, "1"]),
            ("deque", [[], -1]), ("deque", [{"h": 1}, 1]), ("counter", [1]), ("defaultdict", ["open", {"d": []}]),
            ("defaultdict", [{"f": "builtins.int"}, {"d": []}]), ("ordered", {"h": 1}),
            ("ndarray", ["", "|O", [1], {"b": 0}, True]), ("ndarray", ["", "O", [1], {"b": 0}, True]),
            ("ndarray", ["", "<U0", [2**60], {"b": 1}, True]), ("ndarray", ["", "|V0", [2**60], {"b": 1}, True]),
            ("ndarray", ["", ["fields", [], 0], [2**60], {"b": 1}, True]),
            ("ndarray", ["", "<U3", [1], {"b": 0}, True]), ("ndarray", ["", "<M8[0s]", [1], {"b": 0}, True]),
            ("ndarray", ["", "f4,f4", [1], {"b": 0}, True]), ("ndarray", ["", "<f8", [-1], {"b": 0}, True]),
            ("ndarray", ["", ["of", "<f8", [2**40]], [0], {"b": 1}, True]),
            ("ndarray", ["", ["fields", [["a", "<f4", 0], ["b", "<f4", 2]], 8], [1], {"b": 0}, True]),
            ("ndarray", ["", ["fields", [["a", "<f8", 4]], 8], [1], {"b": 0}, True]),
            ("ndarray", ["", ["fields", [["a", "|O", 0]], 8], [1], {"b": 0}, True]),
            ("ndarray", ["", ["ml", "os"], [1], {"b": 0}, True]), ("ndarray", ["memmap", "<f8", [1], {"b": 0}, True]),
            ("objects", ["objects", [1], [{"h": 3}]]), ("objects", ["objects", [2], [1]]),
            ("objects", ["text", [1], [1]]),
            ("objects", ["objects", [2**60, 0], []]), ("objects", ["objects", [1], [{"k": 1}]]),
            ("masked", [["<f8", [1], {"b": 0}], ["|b1", [8], {"b": 0}], ["<f8", [], {"b": 0}]]),
            ("scalar", ["<M8[s]", [1], {"b": 0}]), ("dtype", "|O"), ("dtype", "object"), ("dtype", "U3,U4"),
            ("generator", ["PCG64", {"d": [["state", 1]]}, {"d": []}]), ("generator", ["os", {"d": []}, {"d": []}]),
            ("generator", ["MT19937", {"d": [["key", [0] * 624], ["pos", 10**6]]}, {"d": []}]),
            ("old generator", [[[0] * 624, 625], 0, 0.0]), ("old generator", [[[0] * 624, 0], 2, 0.0]),
            ("namedtuple", ["P", ["a", "a"], [1, 2]]), ("namedtuple", ["P", ["_a"], [1]]),
            ("namedtuple", ["P", ["class"], [1]]), ("namedtuple", ["P", ["a b"], [1]]),
            ("namedtuple", ["P", ["a"], [1, 2]]), ("namedtuple", ["P(x)", ["a"], [1]]),
            ("namedtuple", ["if", ["a"], [1]]),
            ("namedtuple", ["P", ["all"], [1]]), ("namedtuple", ["P", ["\uff41"], [1]]),
            ("namedtuple", ["P", [["a"]], [1]]),
            ("result", ["os", {"d": []}]), ("result", ["OptimizeResult", {"d": [["__array__", 1]]}]),
            ("result", ["OptimizeResult", {"d": [["isdigit", 1]]}]), ("namespace", {"d": [["_a", 1]]}),
            ("object", ["os", {"d": []}]), ("object", ["Point", {"d": [["norm", 1]]}]),
            ("object", ["Point", {"d": [["__class__", 1]]}]), ("object", ["Point", {"d": [[1, 1]]}]),
            ("object", ["Point", {"d": [["startswith", 1]]}]), ("object", ["Pair", {"d": []}]),
            ("object", ["Slotted", {"d": [["c", 1]]}]), ("object", ["Colour", {"d": [["_value_", 1]]}]),
            ("member", ["Colour", "BLUE"]), ("member", ["Colour", "__class__"]), ("member", ["Point", "x"]),
            ("member", ["Mode", 64]), ("own", ["os", 1]), ("own", ["Point", 1]), ("os", 1), (["own"], 1), (None, 1),
        ],
        ids=str,
    )  # fmt: skip
    def test_what_no_encoder_makes(self, name, plain):
        """Types, sizes, names and places that are not in order; nothing is looked up, and nothing is made of it."""
        with pytest.raises(WireError):
            received(name, plain, [b"\0" * 8, b""])

    @pytest.mark.parametrize(
        "plain",
        [
            ["node", "Pow", [["rational", "0xa", "0x1"], ["rational", "0xfffff", "0x1"]]],
            ["node", "Pow", [["rational", "0xa", "0x1"], ["node", "Pow", [["rational", "0xa", "0x1"]] * 2]]],
            ["node", "factorial", [["rational", "0xfffff", "0x1"]]], ["node", "Lambda", []], ["node", "Pow", []],
            ["symbol", "x", {"d": [["evil", True]]}], ["symbol", "", {"d": []}], ["rational", "0x1", "0x0"],
            ["rational", "0x" + "f" * 10_000, "0x1"], ["float", 0, "0x1", 10**9, 53], ["constant", "exit"],
            ["matrix", "MutableDenseMatrix", [2, 2], []], ["matrix", "Evil", [0, 0], []], ["text", "exit()"], [], None,
        ],
        ids=str,
    )  # fmt: skip
    def test_an_expression_that_grows_or_is_none(self, plain):
        """Nothing is evaluated, nothing is looked up, and no number is written out that nobody would write."""
        pytest.importorskip("sympy")
        with pytest.raises(WireError):
            received("sympy", plain)

    @pytest.mark.parametrize(
        "content",
        [
            {"indices": np.array([0, 99, 0], "i4")}, {"indices": np.array([0, -1, 0], "i4")},
            {"indptr": np.array([0, 9, 2], "i4")}, {"indptr": np.array([0, 1], "i4")}, {"data": np.ones(99)},
        ],
        ids=str,
    )  # fmt: skip
    def test_a_sparse_matrix_that_points_outside(self, content):
        """SciPy's compiled code would follow it."""
        sparse = pytest.importorskip("scipy.sparse")
        matrix = sparse.csr_array(np.array([[0, 2.5, 0], [1, 0, 0]]))
        for name, value in content.items():
            setattr(matrix, name, value)
        with pytest.raises(WireError):
            over(matrix)

    def test_code_points_that_are_no_characters(self):
        """Python would not make a string of them."""
        with pytest.raises(WireError, match="character"):
            received("ndarray", ["", "<U1", [1], {"b": 0}, True], [b"\xff" * 4])
        with pytest.raises(WireError, match="character"):
            received("ndarray", ["", ["fields", [["s", ">U1", 0]], 4], [1], {"b": 0}, True], [b"\xff" * 4])

    def test_booleans_in_a_record_are_0_or_1(self):
        """As in an array of booleans."""
        back = received("ndarray", ["", ["fields", [["b", "|b1", 0]], 1], [2], {"b": 0}, True], [b"\x07\0"])
        assert back["b"].view(np.uint8).tolist() == [1, 0]

    @pytest.mark.parametrize(
        "nodes",
        [
            [{"x": ["fraction", [{"i": hex(k * (2**61 - 1) + 1)}, 1]]} for k in range(1000)],
            [{"x": ["decimal", ["", str(k * (2**61 - 1) + 1), 0]]} for k in range(1000)],
            [{"x": ["namedtuple", ["P", ["a"], [-1 - k % 2, -1 - k // 2 % 2]]]} for k in range(1000)],
        ],
        ids=["fraction", "decimal", "unfit"],
    )
    def test_values_that_share_one_hash(self, nodes):
        """A set of them would keep the judge for an hour."""
        with pytest.raises(WireError):
            Decoder([], refuse).decode(nodes)

    def test_fractions_cost_what_reducing_them_takes(self):
        """A message of large ones is refused before it takes long."""
        nodes = [{"x": ["fraction", [{"i": hex(2**16000 + k)}, {"i": hex(3**10000 + k)}]]} for k in range(6000)]
        start = time.process_time()
        with pytest.raises(WireError, match="items"):
            Decoder([], refuse).decode(nodes)
        assert time.process_time() - start < 60

    def test_a_library_that_is_not_imported_is_not_imported(self, monkeypatch):
        """The value is the object where it lives, if that was told, and else refused."""
        monkeypatch.delitem(sys.modules, "pandas", raising=False)
        asked = []
        decoder = Decoder([], lambda node: asked.append(node) or "the object")
        assert decoder.decode({"x": ["NA", None, {"h": 3}]}) == "the object"
        with pytest.raises(WireError, match="pandas"):
            decoder.decode({"x": ["NA", None]})
        assert "pandas" not in sys.modules

    def test_a_student_process_imports_it(self, monkeypatch):
        """What it reads was written by the judge."""
        pytest.importorskip("scipy")
        monkeypatch.delitem(sys.modules, "scipy.sparse", raising=False)
        with beside_submitted_code():
            assert kinds.named("sparse").is_ready()

    def test_what_hides_items_goes_to_submitted_code_and_does_not_come_back(self):
        """An array that hides all that is wrong with it is close to anything."""
        values = [samples()["masked"][0], np.ma.array(np.zeros(2, [("a", "f4")]), mask=[(1,), (0,)]), np.ma.masked]
        if installed("pandas"):
            import pandas as pd

            values += [pd.Series([1, None], dtype=name) for name in ("Int64", "Float32", "boolean")]
            values += [pd.Series(["a", None], dtype=pd.StringDtype(na_value=pd.NA)), pd.Index([1, None], dtype="Int8")]
        for value in values:
            encoder = Encoder(refuse)
            node = json.loads(json.dumps(encoder.encode(value)))
            with pytest.raises(WireError, match="comparison"):
                Decoder([bytes(raw) for raw in encoder.sent.buffers], refuse).decode(node)
            with beside_submitted_code():
                assert Encoder(lambda _: {"h": 5}).encode(value) == {"h": 5}

    def test_a_course_may_have_them_come_back(self):
        """It says so with two functions, as for a type of its own."""
        checks.crosses(
            np.ma.MaskedArray, lambda m: [m.data, m.mask], lambda plain: np.ma.array(plain[0], mask=plain[1])
        )
        try:
            with beside_submitted_code():
                node = Encoder(refuse).encode(np.ma.array([1, 2], mask=True))
            assert node["x"][0] == "own"
        finally:
            own_types._own.pop(np.ma.MaskedArray)

    def test_an_object_that_stays_behind_stands_in_no_value_of_plain_data(self):
        """It would be asked by whatever the value is asked."""
        made = Decoder([], lambda node: Proxy(None, node, "object"))
        for node in ({"x": ["objects", ["objects", [1], [{"h": 1}]]]}, {"x": ["fraction", [{"h": 1}, 2]]}):
            with pytest.raises(WireError):
                made.decode(node)
        inner = made.decode({"x": ["namedtuple", ["P", ["a"], [{"h": 1}]]]})
        assert type(inner.a) is Proxy


class TestChanges:
    @pytest.mark.parametrize("name", [name for name in NAMES if kinds.ALL[name].update])
    def test_a_state_comes_back_into_the_same_object(self, name):
        """What one sample holds can be taken on by another of its kind, and never does it end in another error."""
        need(name)
        values = samples()[name]
        for own in values:
            for new in samples()[name]:
                kept = Kept(kinds.ALL[name], own)
                with contextlib.suppress(WireError):  # not every value of a kind can hold what another holds
                    kept.update_from_plain(over(kept.kind.to_plain(new)))
        first, again = values[0], over(values[0])
        Kept(kinds.ALL[name], again).restore(kinds.ALL[name].to_plain(first))
        assert alike(first, again)

    @pytest.mark.parametrize("plain", [3, [], {}, "x", [[], 1], [None] * 3], ids=str)
    @pytest.mark.parametrize("name", [name for name in NAMES if kinds.ALL[name].update])
    def test_a_state_that_is_none_changes_nothing(self, name, plain):
        """It ends in WireError; a call may only change a value into another of its kind."""
        need(name)
        own = samples()[name][0]
        before = Encoder(refuse).encode(own)
        try:
            Kept(kinds.ALL[name], own).update_from_plain(plain)
        except WireError:
            assert Encoder(refuse).encode(own) == before


class TestRegistry:
    def test_every_kind_has_samples_and_a_strategy(self):
        """None is in the registry that is not sent, spoiled and refused here."""
        assert set(samples()) == set(kinds.ALL)
        assert all(honest(name) for name in NAMES if installed(OF_LIBRARY.get(name, "")))

    def test_every_kind_says_its_bound(self):
        """In words, for who reads the registry."""
        assert all(kind.bound for kind in kinds.ALL.values())

    def test_nothing_is_imported_to_look_at_a_value(self):
        """The cost of a small notebook is that of what it uses."""
        import subprocess

        code = (
            "import sys\nfrom kernelmark.wire import values\n"
            "values.Encoder(values.refuse).encode([1, {'a': 2.0}])\n"
            "print({'pandas', 'scipy', 'torch', 'jax', 'fractions', 'decimal', 'zoneinfo', 'uuid'} & set(sys.modules))"
        )
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        bare = subprocess.run(
            [sys.executable, "-c", code.replace("from kernelmark.wire import values", "import numpy, json, types")
             .replace("values.Encoder(values.refuse).encode([1, {'a': 2.0}])", "")],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert told == bare


@pytest.mark.parametrize("name", NAMES)
def test_spoiled_messages_give_a_value_or_a_wire_error(name):
    """Whatever submitted code makes of a message of each kind: a value of trusted types, or an error of its own."""
    need(name)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(spoiled(name))
    def ask(message):
        node, buffers = message
        try:
            value = Decoder(list(buffers), refuse).decode(json.loads(json.dumps(node)))
        except WireError:
            return
        kind = type(value)
        assert kind.__module__.partition(".")[0] in TRUSTED or kind in (*CLASSES.values(), Celsius)

    ask()
