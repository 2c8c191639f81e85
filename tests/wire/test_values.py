"""Values to bytes and back: what crosses comes out as it went in, what is malformed raises WireError only."""

import json
import math
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kernelmark.errors import SubmissionError
from kernelmark.lab import LoggedArray, simd_width, traced_peak_bytes
from kernelmark.wire import bounds
from kernelmark.wire import values as wire
from kernelmark.wire.values import (
    MAX_DEPTH,
    Decoder,
    Encoder,
    WireError,
    copy_back,
    function_by_name,
)
from tests.wire.strategies import NODE

DTYPES = ["?", "i1", "<i2", ">i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2",
    "f4", ">f4", "f8", "g", "c8", "c16", ">c16"]  # fmt: skip
NUMERIC = st.sampled_from(DTYPES).map(np.dtype)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary(max_size=200)
)
KEY = st.none() | st.booleans() | st.integers() | st.text() | st.tuples(st.integers(), st.text())
VALUE = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(KEY, inner, max_size=4)
    ),
    max_leaves=20,
)


def refuse(value):
    """Stand for the things that may not cross."""
    raise WireError(f"refused: {type(value).__name__}")


def over(value):
    """Send a value through the encoder, JSON and the decoder; return what arrives."""
    encoder = Encoder(refuse)
    node = json.loads(json.dumps(encoder.encode(value)))
    return Decoder([bytes(raw) for raw in encoder.sent.buffers], refuse).decode(node)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def identical(a, b):
    """Say whether two plain values are of the same types and the same content, NaN and signs of zero included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, dict):
        return identical(list(a.items()), list(b.items()))
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, complex):
        return identical((a.real, a.imag), (b.real, b.imag))
    return a == b


class TestPlainValues:
    @given(VALUE)
    @example({(1, "a"): [(), {}], None: -0.0, True: 2**53})
    def test_cross_unchanged(self, value):
        """Types, order, NaN, signs of zero and integers of any size arrive as they were."""
        assert identical(over(value), value)

    @given(NUMERIC.flatmap(lambda dtype: hnp.arrays(dtype, ())))
    def test_numpy_scalars_cross_with_their_type(self, array):
        """A float32 stays a float32, to the bit."""
        back, value = over(array[()]), array[()]
        assert (type(back), back.tobytes()) == (type(value), value.tobytes())

    def test_subclasses_cross_as_what_they_are_derived_from(self):
        """A subclass may carry hostile methods; only its content arrives."""

        class Text(str):
            __slots__ = ()

        class Number(float):
            def __eq__(self, other):
                return True

            __hash__ = None

        class Items(list):
            def __iter__(self):
                raise RuntimeError

        for value, plain in ((Text("a"), "a"), (Number(2.0), 2.0), (Items([1]), [1])):
            assert identical(over(value), plain)

    @pytest.mark.parametrize(
        "value",
        [
            frozenset({1, "a"}), {frozenset({1}), frozenset()}, range(2, 9, 3), slice(None), slice(1, -2, 3),
            np.dtype("<f4"), np.dtype(">i2"), np.dtype(bool),
        ],
    )  # fmt: skip
    def test_of_pythons_further_kinds_cross(self, value):
        """A frozen set in a set, a range, a slice as an index, a dtype as an argument."""
        assert identical(over(value), value)

    @pytest.mark.parametrize("first", range(64))
    def test_a_set_lists_its_items_as_it_did(self, first):
        """`print` and a loop of a test see the order that a desk shows, where two items want one place too."""
        for more in ([8], [16, 3], [8, 16, 1000]):
            value = {first, *(first + step for step in more)}
            assert list(over(value)) == list(over(frozenset(value))) == list(value)

    def test_a_range_is_counted_by_its_length(self):
        """A test that makes a list of what it gets holds no more than a list could have brought."""
        assert over(range(1000)) == range(1000)
        for long in (range(2 * wire.MAX_ITEMS), range(10**30)):
            with pytest.raises(WireError):
                over(long)

    def test_bytearrays_and_views_cross_as_bytes(self):
        """What is raw memory arrives as raw memory."""
        assert over(bytearray(b"ab")) == over(memoryview(b"ab")) == b"ab"


class TestArrays:
    @given(NUMERIC.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_dims=4))))
    def test_of_any_number_and_shape_cross_unchanged(self, array):
        """Every numeric dtype in either byte order, 0-d and empty arrays included."""
        back = over(array)
        assert (back.dtype, back.shape) == (array.dtype, array.shape)
        assert back.tobytes() == array.tobytes()

    LAYOUTS = {  # noqa: RUF012 - a table, never written
        "C order": np.arange(24.0).reshape(4, 6),
        "F order": np.asfortranarray(np.arange(24.0).reshape(4, 6)),
        "transposed": np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
        "reversed": np.arange(24.0)[::-1],
        "reversed rows": np.arange(24.0).reshape(4, 6)[::-1, ::-2],
        "every other": np.arange(24.0).reshape(4, 6)[:, ::2],
        "offset": np.arange(24.0).reshape(4, 6)[1:3, 2:5],
        "broadcast": np.broadcast_to(np.arange(6.0), (4, 6)),
        "one element broadcast": np.broadcast_to(np.float64(3), (1000, 1000)),
        "windows": np.lib.stride_tricks.sliding_window_view(np.arange(8.0), 3),
    }

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_keep_their_layout(self, layout):
        """A test on Fortran order or strides sees in the student's process what the instructor wrote."""
        array = self.LAYOUTS[layout]
        back = over(array)
        np.testing.assert_array_equal(back, array)
        assert back.strides == array.strides
        assert back.flags.f_contiguous == array.flags.f_contiguous
        assert back.flags.writeable == array.flags.writeable

    def test_a_small_view_of_a_large_array_takes_little(self):
        """Two columns far apart do not drag along all that lies between them."""
        view = np.zeros((1000, 1000))[:, ::999]
        encoder = Encoder(refuse)
        encoder.encode(view)
        assert sum(len(raw) for raw in encoder.sent.buffers) == view.nbytes

    def test_read_only_arrays_stay_read_only(self):
        """A function that writes into such an input fails there as it would here."""
        array = np.arange(4.0)
        array.flags.writeable = False
        assert not over(array).flags.writeable
        assert over(np.arange(4.0)).flags.writeable

    def test_do_not_share_memory_with_what_was_sent(self):
        """What is written on one side is not seen on the other."""
        array = np.zeros(4)
        over(array)[:] = 1
        assert array.sum() == 0

    def test_one_array_given_twice_stays_one(self):
        """f(a, a) is called with one array, as it was written."""
        array = np.arange(4.0)
        first, (second, third) = over((array, [array, array.copy()]))
        assert first is second
        assert third is not first

    def test_an_array_of_the_message_answered_comes_back_as_itself(self):
        """A function that returns its own input is seen to do so."""
        array = np.arange(4.0)
        node = Encoder(refuse, known=[array]).encode((array,))
        assert Decoder([], refuse, known=[array]).decode(node)[0] is array

    def test_a_subclass_of_the_students_arrives_as_an_ndarray(self):
        """An array class with an equality of its own brings its numbers only."""

        class Agreeable(np.ndarray):
            def __eq__(self, other):
                return np.ones(self.shape, bool)

            __hash__ = None

        assert type(over(np.zeros(3).view(Agreeable))) is np.ndarray

    def test_a_logged_array_brings_its_log(self):
        """The course's value type crosses as what it is."""
        array = LoggedArray(np.ones((2, 3)))
        _ = array @ np.ones((3, 4))
        back = over(array)
        assert type(back) is LoggedArray
        assert back.products == [(2, 3, 4)]
        np.testing.assert_array_equal(np.asarray(back), np.ones((2, 3)))


class TestCopyBack:
    @pytest.mark.parametrize("layout", [k for k, a in TestArrays.LAYOUTS.items() if a.flags.writeable])
    def test_writes_into_the_senders_own_array(self, layout):
        """An argument changed on the other side is changed here, whatever its layout."""
        array = TestArrays.LAYOUTS[layout].copy(order="K")
        encoder = Encoder(refuse)
        node = encoder.encode(array)
        decoder = Decoder([bytes(raw) for raw in encoder.sent.buffers], refuse)
        changed = decoder.decode(node)
        changed += 1
        expected = array + 1
        copy_back(node["a"], bytes(decoder.memory[0][1]), array)
        np.testing.assert_array_equal(array, expected)

    @pytest.mark.parametrize("memory", [b"", b"x" * 31, b"x" * 8])
    def test_refuses_contents_of_another_size(self, memory):
        """Too few bytes never become an array."""
        array = np.zeros(4)
        encoder = Encoder(refuse)
        node = encoder.encode(array)
        with pytest.raises(WireError):
            copy_back(node["a"], memory, array)

    def test_does_not_write_into_a_read_only_array(self):
        """What the judge made read-only stays as it is, whatever the other side claims."""
        array = np.zeros(4)
        array.flags.writeable = False
        encoder = Encoder(refuse)
        node = encoder.encode(array)
        with pytest.raises(WireError):
            copy_back(node["a"], b"\xff" * 32, array)


class TestRefusals:
    @pytest.mark.parametrize(
        "array",
        [np.array([object()]), np.array([open, 1]), np.zeros(2, [("a", "O")]), np.array([[re.compile("a")]])],
        ids=lambda a: str(a.dtype),
    )
    def test_arrays_of_objects(self, array):
        """Unpickling them would run code."""
        with pytest.raises(WireError, match="refused: ndarray"):
            over(array)

    @pytest.mark.parametrize("value", [object(), open, re.compile("a"), lambda: 0, Path, json, np.dtype("O")])
    def test_what_is_no_plain_data_is_left_behind(self, value):
        """It never crosses as itself; whoever encodes decides what stands for it."""
        with pytest.raises(WireError, match="refused"):
            over(value)
        assert Encoder(lambda left: {"h": 5}).encode([value]) == [{"h": 5}]

    def test_deep_nesting_on_the_way_out(self):
        """A list in a list in a list ends at 32, self-containing lists too."""
        assert over(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
        endless = []
        endless.append(endless)
        for value in (nested(MAX_DEPTH + 1), endless):
            with pytest.raises(WireError, match="deep"):
                over(value)

    @pytest.mark.parametrize("wrap", [lambda n: [n], lambda n: {"t": [n]}, lambda n: {"d": [[1, n]]}])
    def test_deep_nesting_on_the_way_in(self, wrap):
        """Every kind of container is counted."""
        node = None
        for _ in range(MAX_DEPTH):
            node = wrap(node)
        Decoder([], refuse).decode(node)
        with pytest.raises(WireError, match="deep"):
            Decoder([], refuse).decode(wrap(node))

    def test_too_many_items_either_way(self, monkeypatch):
        """Containers within containers are counted together."""
        monkeypatch.setattr(bounds, "MAX_ITEMS", 100)
        with pytest.raises(WireError, match="items"):
            over([[0] * 20] * 5)
        with pytest.raises(WireError, match="items"):
            Decoder([], refuse).decode([[0] * 20] * 5)

    @pytest.mark.parametrize(
        "node",
        [
            {"a": [0, "|O", [1], None, True]},
            {"a": [0, "<U2", [1], None, True]},
            {"a": [0, "f4,f4", [1], None, True]},
            {"a": [0, "<f4", [-2], None, True]},
            {"a": [0, "<f4", [2.0], None, True]},
            {"a": [0, "<f4", [True], None, True]},
            {"a": [0, "<f4", [3], None, True]},
            {"a": [1, "<f4", [2], None, True]},
            {"a": [-1, "<f4", [2], None, True]},
            {"a": [0, "<f4", [2**31, 2**31], None, True]},
            {"a": [0, "<f4", [2**61], [[0], 0], True]},
            {"a": [0, "<f4", [2] * 40, None, True]},
            {"a": [0, "<f4", [3], [[4], 0], True]},
            {"a": [0, "<f4", [2], [[-4], 0], True]},
            {"a": [0, "<f4", [2], [[4], -4], True]},
            {"a": [0, "<f4", [2], [[4], 6], True]},
            {"a": [0, "<f4", [2], [[4, 4], 0], True]},
            {"r": 0},
            {"r": -1},
            {"s": ["|O", "00"]},
            {"s": ["<f4", "00"]},
            {"b": 7},
            {"i": "text"},
            {"c": [1]},
            {"d": [[[], 1]]},
            {"d": [[{"d": []}, 1]]},
            {"v": ["os", {}]},
            {"v": ["LoggedArray", 3]},
            {
                "v": [
                    "LoggedArray",
                    {
                        "d": [
                            ["array", {"a": [0, "<f4", [2], None, True]}],
                            ["number", 1],
                            ["multiply", {"f": "numpy.sum"}],
                        ]
                    },
                ]
            },
            {"t": 3},
            {"a": 1, "b": 2},
            {},
        ],
        ids=str,
    )
    def test_a_malformed_node(self, node):
        """Shapes, strides, offsets, references and types that no encoder makes."""
        with pytest.raises(WireError):
            Decoder([b"\0" * 8], refuse).decode(node)

    @given(NODE)
    def test_random_nodes_give_a_value_or_a_wire_error(self, node):
        """Whatever JSON a process sends, the judge gets plain data or an error that belongs to the student."""
        try:
            Decoder([b"\0" * 36], refuse).decode(json.loads(json.dumps(node)))
        except WireError:
            return

    @given(st.lists(st.integers(0, 6), max_size=3), st.lists(st.integers(-50, 50), max_size=3), st.integers(0, 60))
    def test_no_layout_reaches_outside_its_buffer(self, shape, strides, offset):
        """An array made from a node shows only bytes of that node."""
        node = {"a": [0, "<i1", shape, [strides, offset], True]}
        try:
            array = Decoder([bytes([7]) * 48], refuse).decode(node)
        except WireError:
            return
        assert (array == 7).all()

    @pytest.mark.parametrize(
        "nodes",
        [
            [{"i": hex(k * (2**61 - 1))} for k in range(1000)],
            [k * (2**61 - 1) for k in range(1, 1000)],
            [{"c": [-1000003 * k, k]} for k in range(1000)],
            [{"s": ["<c16", np.complex128(complex(-1000003 * k, k)).tobytes().hex()]} for k in range(1000)],
            [{"t": [-1 - int(bit) for bit in f"{k:010b}"]} for k in range(1000)],
        ],
        ids=["int", "plain int", "complex", "scalar", "tuple"],
    )
    @pytest.mark.parametrize("wrap", [lambda n: n, lambda n: {"u": n}, lambda n: {"d": [[k, 0] for k in n]}])
    def test_values_that_share_one_hash(self, nodes, wrap):
        """A set of half a million of them, here or in a test, would keep the judge for an hour."""
        with pytest.raises(WireError, match="hash"):
            Decoder([], refuse).decode(wrap(nodes))

    def test_equal_values_are_no_flood(self):
        """A list may say the same thing as often as it likes, and NaN is equal to nothing."""
        for value in ((0, 0), 2**70, 1j, np.complex64(1j), (float("nan"),), np.float64("nan")):
            assert len(over([value] * 2000)) == 2000
            assert len(over([type(value)(value) for _ in range(2000)])) == 2000
        grid = [(x, y, z) for x in range(-3, 9) for y in range(-3, 9) for z in range(-3, 9)]
        assert over(set(grid)) == set(grid)

    @pytest.mark.parametrize(
        "node",
        [
            [{"a": [k, "|u1", [2**27], [[0], 0], True]} for k in range(20)],
            [{"a": [0, "|u1", [2**27], [[0], 0], True]}, *[{"r": 0}] * 20],
            {"v": ["LoggedArray", {"d": [["array", [{"r": 0}] * 20], ["products", []]]}]},
            {"a": [0, "<f8", [10**12, 0], None, True]},
            {"a": [0, "<f8", [0, 10**12], [[0, 0], 0], True]},
        ],
        ids=["broadcast", "repeated", "in a value", "rows of nothing", "columns of nothing"],
    )
    def test_arrays_that_are_small_here_and_huge_once_used(self, node):
        """A test that makes one array of a list, or loops over rows, must not need more memory than there is."""
        known = [np.broadcast_to(np.uint8(0), (2**27,))] if isinstance(node, dict) else []
        with pytest.raises(WireError, match="bytes"):
            Decoder([b"\0"] * 20 if isinstance(node, list) else [b""], refuse, known=known).decode(node)

    @pytest.mark.parametrize("array", [[], ["text"], [None], {"d": []}, [[1], [1, 2]]], ids=str)
    def test_a_logged_array_of_anything_but_numbers(self, array):
        """A value type brings no objects either."""
        node = {"v": ["LoggedArray", {"d": [["array", array], ["products", []]]}]}
        if array == []:
            assert Decoder([], refuse).decode(node).dtype == float
            return
        with pytest.raises(WireError):
            Decoder([], refuse).decode(node)

    def test_booleans_are_0_or_1(self):
        """A byte that is neither would be counted as several, or as equal to nothing."""
        array = Decoder([b"\x02\x00\xff"], refuse).decode({"a": [0, "|b1", [3], None, True]})
        assert array.view(np.uint8).tolist() == [1, 0, 1]
        own = np.zeros(3, bool)
        copy_back([0, "|b1", [3], None, True], b"\x02\x00\xff", own)
        assert own.view(np.uint8).tolist() == [1, 0, 1]
        copy_back([0, "|b1", [3], [[-1], 2], True], b"\x02\x00\xff", own)
        assert own.view(np.uint8).tolist() == [1, 0, 1]

    def test_is_the_students_fault(self):
        """Nonsense on the line costs the cell that sent it, and is no error of the grader's."""
        assert issubclass(WireError, SubmissionError)


class TestFunctions:
    @pytest.mark.parametrize("function", [np.tanh, np.add, np.maximum, np.dot, np.sort, np.sum, np.transpose])
    def test_of_the_list_cross_by_name(self, function):
        """A test may hand over `operation=np.tanh`."""
        assert over(function) is function

    @pytest.mark.parametrize("kind", [int, float, str, list, dict, frozenset, np.float32, np.uint8, np.complex128])
    def test_plain_types_cross_by_name(self, kind):
        """`dtype=np.float32` and `kind is int` mean on the other side what they mean here."""
        assert over(kind) is kind

    @pytest.mark.parametrize("function", [simd_width, traced_peak_bytes, LoggedArray])
    def test_of_the_lab_cross_by_name(self, function):
        """A test may call or make an instrument where the student's functions live, and these may not name one here."""
        node = Encoder(refuse).encode(function)
        assert Decoder([], lambda node: function_by_name(node["f"])).decode(node) is function
        with pytest.raises(WireError, match="refused"):
            Decoder([], refuse).decode(node)

    @pytest.mark.parametrize(
        "name",
        [
            "os.system", "builtins.eval", "numpy.load", "numpy.save", "numpy.fromfile", "numpy.memmap",
            "numpy.ctypeslib", "kernelmark.lab.np",
            "numpy.os", "numpy.core", "kernelmark.lab.memory", "kernelmark.wire.values.Encoder", "numpy.linalg.inv",
            "numpy.add.reduce", "tanh", "", ".", "numpy.", "numpy", None, 3, [], {}, "numpy.tanh\0",
        ],
    )  # fmt: skip
    def test_of_no_list_do_not(self, name):
        """Only what was listed can be named; loading and saving are not."""
        with pytest.raises(WireError):
            Decoder([], refuse).decode({"f": name})

    def test_an_object_that_answers_to_no_name_is_left_behind(self):
        """A class of the student's may raise anything when it is asked for an attribute."""

        class Odd:
            def __getattr__(self, name):
                raise KeyError(name)

        assert Encoder(lambda left: {"h": 5}).encode(Odd()) == {"h": 5}

    def test_a_look_alike_is_left_behind(self):
        """A student's function that calls itself numpy's does not cross as numpy's."""

        def tanh(x):
            return 0

        tanh.__module__ = "numpy"
        with pytest.raises(WireError, match="refused"):
            over(tanh)
        assert function_by_name("numpy.tanh") is np.tanh
