"""The words of a test cell, at a desk: what they accept, what they refuse, and what they say then."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kernelmark.checks import close, raises, unchanged

# The same examples every time, and no example fails for being slow.
without_a_clock = settings(deadline=None, derandomize=True)

NUMERIC = st.sampled_from(["f2", "f4", "f8", "c8", "c16", "i1", "i4", "i8", "u1", "u8", "?"])


class TestClose:
    @without_a_clock
    @given(NUMERIC.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_dims=3))))
    def test_an_array_is_close_to_its_copy(self, array):
        """Any numbers, NaN and infinity included, in any shape, equal themselves."""
        close(array.copy(), array)

    @pytest.mark.parametrize("value", [3, 3.5, 2 + 1j, True, [1, 2], (1.0, 2.0), [], np.float32(0.1), np.int64(7)])
    def test_a_value_is_close_to_itself(self, value):
        """Scalars and lists are compared like arrays."""
        close(value, value)

    @pytest.mark.parametrize(
        ("actual", "expected", "words"),
        [
            (np.zeros((2, 3)), np.zeros((3, 2)), ["(3, 2)", "(2, 3)", "swapped"]),
            (np.zeros(4), np.zeros((2, 2)), ["(2, 2)", "(4,)"]),
            (np.zeros(()), np.zeros(1), ["(1,)", "()"]),
            (np.zeros(0), np.zeros((0, 3)), ["(0, 3)", "(0,)"]),
            (np.zeros(3, "f8"), np.zeros(3, "f4"), ["float32", "float64"]),
            (np.zeros(0, "f8"), np.zeros(0, "f4"), ["float32", "float64"]),
            (np.zeros(3, "i8"), np.zeros(3, "f8"), ["float64", "int64"]),
            (None, np.zeros(3), ["(3,)", "None", "return missing"]),
            ([0.0, 0.0], np.zeros(2), ["(2,)", "list"]),
            (0.0, np.zeros(()), ["()", "float"]),
            ("text", 1.0, ["numbers", "str"]),
            (np.array([None]), [1.0], ["numbers"]),
            (object(), 1.0, ["numbers", "object"]),
        ],
    )
    def test_refuses_another_kind_of_thing_and_says_which(self, actual, expected, words):
        """Shape, dtype and type must be right; the message names what was needed and what came."""
        with pytest.raises(AssertionError) as caught:
            close(actual, expected, what="tiled_matmul")
        for word in ["tiled_matmul", *words]:
            assert word in str(caught.value)

    def test_says_how_many_values_are_off_and_where_the_first_is(self):
        """A student reads the count, the index, the expected and the actual value."""
        actual = np.zeros((3, 4), np.float32)
        actual[1, 2] = actual[2, 3] = 5.0
        with pytest.raises(AssertionError, match=r"C: 2 of 12 values .* \[1, 2\]: expected 0, got 5"):
            close(actual, np.zeros((3, 4), np.float32), what="C")

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8"])
    def test_a_value_that_is_no_number_is_off(self, bad, dtype):
        """NaN or infinity where a number belongs is never within a tolerance."""
        actual = np.ones(3, dtype)
        actual[1] = bad
        with pytest.raises(AssertionError, match="1 of 3"):
            close(actual, np.ones(3, dtype), rtol=1e3)

    @pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
    def test_a_number_where_none_belongs_is_off(self, special):
        """An expected NaN or infinity must come as such; the other values keep their own tolerance."""
        expected = np.array([1.0, special])
        close(expected.copy(), expected)
        with pytest.raises(AssertionError, match="1 of 2"):
            close(np.array([1.0, 1e300]), expected)
        with pytest.raises(AssertionError, match="1 of 2"):
            close(np.array([2.0, special]), expected)

    def test_infinity_of_the_other_sign_is_off(self):
        """Plus is not minus infinity."""
        with pytest.raises(AssertionError):
            close(np.array([np.inf]), np.array([-np.inf]))

    @pytest.mark.parametrize("dtype", ["i1", "i4", "i8", "u1", "u8", "?"])
    def test_integers_are_exact(self, dtype):
        """One off in the last place is wrong, at the ends of the range too."""
        top = 1 if dtype == "?" else np.iinfo(dtype).max
        expected = np.array([top, top], dtype)
        actual = expected.copy()
        actual[1] = top - 1
        close(expected.copy(), expected)
        with pytest.raises(AssertionError, match="1 of 2"):
            close(actual, expected)

    def test_integers_may_be_given_a_tolerance(self):
        """A test that says atol=1 gets it."""
        close(np.array([5]), np.array([6]), atol=1)
        with pytest.raises(AssertionError):
            close(np.array([4]), np.array([6]), atol=1)

    @pytest.mark.parametrize(("dtype", "tolerance"), [("f2", 2e-2), ("f4", 2e-4), ("f8", 1e-9), ("c8", 2e-4)])
    def test_tolerance_goes_with_the_largest_expected_value(self, dtype, tolerance):
        """Half the tolerance of the largest value passes, twice does not: rounding is as large as a sum's terms."""
        expected = np.array([1024.0, 0.0], dtype)
        close(expected + np.array([0, 512 * tolerance], dtype), expected)
        with pytest.raises(AssertionError):
            close(expected + np.array([0, 2048 * tolerance], dtype), expected)

    def test_given_tolerances_add_up(self):
        """atol stands beside rtol."""
        close(np.array([10.0, 0.29]), np.array([10.0, 0.0]), rtol=0.02, atol=0.1)
        with pytest.raises(AssertionError):
            close(np.array([10.0, 0.31]), np.array([10.0, 0.0]), rtol=0.02, atol=0.1)

    def test_zero_tolerance_asks_for_the_same_bits(self):
        """rtol=0 is exact for floats too."""
        with pytest.raises(AssertionError):
            close(np.array([1.0 + 2**-52]), np.array([1.0]), rtol=0)

    def test_an_object_that_equals_everything_is_no_array(self):
        """What a student's class says about its own equality does not count."""

        class Agreeable:
            def __eq__(self, other):
                return True

            __hash__ = None

        with pytest.raises(AssertionError):
            close(Agreeable(), 3.0)


class TestRaises:
    @pytest.mark.parametrize(
        "kinds", [(ValueError,), (TypeError, ValueError), (ArithmeticError, LookupError, ValueError)]
    )
    def test_accepts_each_of_the_types(self, kinds):
        """One of the types is enough."""
        with raises(*kinds):
            raise ValueError("no")

    def test_accepts_a_subclass(self):
        """An exception class of the student's own counts as what it is derived from."""

        class ShapeError(ValueError):
            pass

        with raises(ValueError):
            raise ShapeError

    def test_nothing_raised_fails(self):
        """A function that accepts what it should refuse is told so."""
        with pytest.raises(AssertionError, match="matmul: expected ValueError or TypeError, but nothing was raised"):  # noqa: SIM117
            with raises(ValueError, TypeError, what="matmul"):
                pass

    def test_another_exception_fails_and_keeps_its_cause(self):
        """The message names both, and the traceback of the student's own is behind it."""
        with pytest.raises(AssertionError, match="expected ValueError, got KeyError: 'm'") as caught:  # noqa: SIM117
            with raises(ValueError):
                raise KeyError("m")
        assert isinstance(caught.value.__cause__, KeyError)

    def test_message_must_match(self):
        """Where a message is asked for, the right type alone is not enough."""
        with raises(ValueError, match=r"\(2, 3\).*shape"):
            raise ValueError("(2, 3) is no shape for it")
        with pytest.raises(AssertionError, match="should mention 'shape'; it says 'no'"):  # noqa: SIM117
            with raises(ValueError, match="shape"):
                raise ValueError("no")

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
    def test_an_interrupt_goes_through(self, kind):
        """Stopping the kernel at a desk stops the cell."""
        with pytest.raises(kind), raises(ValueError):
            raise kind


class TestUnchanged:
    def test_reading_is_allowed(self):
        """What is only read, NaN included, is unchanged."""
        array = np.array([1.0, np.nan])
        with unchanged(array):
            array.sum()

    @pytest.mark.parametrize("dtype", ["f4", "c8", "i4", "?"])
    def test_one_changed_value_is_found_and_its_argument_named(self, dtype):
        """The second of two inputs was written to."""
        a, b = np.zeros((2, 2), dtype), np.zeros((2, 2), dtype)
        with pytest.raises(AssertionError, match="matmul: input number 2 was changed"), unchanged(a, b, what="matmul"):
            b[1, 1] = 1

    def test_writing_through_a_view_is_found(self):
        """A change by way of a transpose or slice is a change."""
        array = np.zeros((3, 3))
        with pytest.raises(AssertionError, match="changed"), unchanged(array):
            array.T[0, 2] = 1

    def test_an_error_in_the_block_is_not_hidden(self):
        """The block's own error is what the student sees."""
        array = np.zeros(2)
        with pytest.raises(ZeroDivisionError), unchanged(array):
            raise ZeroDivisionError
