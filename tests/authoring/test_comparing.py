"""Two answers to one input: which differences are wrong, and which are rounding or words."""

import numpy as np
import pytest

from kernelmark.authoring.comparing import Answer, difference


def raised(error):
    return Answer.of_error(error, [], [])


def value(result, given=()):
    return Answer("value", [result], list(given))


@pytest.mark.parametrize(
    ("own", "other", "kind"),
    [
        (raised(ValueError("a")), raised(ValueError("a")), ""),
        (raised(ValueError("a")), raised(ValueError("b")), "message"),
        (raised(ValueError("a")), raised(np.exceptions.AxisError(1, 0)), "message"),
        (raised(np.exceptions.AxisError(1, 0)), raised(ValueError("a")), "wrong"),
        (raised(ValueError("a")), raised(TypeError("a")), "wrong"),
        (raised(ValueError("a")), value(1), "wrong"),
        (value(0.1 + 0.2), value(0.3), "rounds"),
        (value(np.array([1 + 1e-16j])), value(np.array([1 + 0j])), "rounds"),
        (value(np.array([1 + 1j])), value(np.array([1 + 2j])), "wrong"),
        (value(np.array([1.0, np.nan])), value(np.array([1.0, np.nan])), ""),
        (value(np.array([1.0, np.nan])), value(np.array([1.0, 2.0])), "wrong"),
        (value(np.float32(1)), value(np.float64(1)), "wrong"),
        (value(1, [np.zeros(2)]), value(1, [np.ones(2)]), "wrong"),
    ],
)
def test_kind(own, other, kind):
    """An exception that is derived from the promised one keeps the promise; rounding is no error."""
    assert difference(own, other)[0] == kind


@pytest.mark.parametrize(
    ("own", "other", "kind"),
    [
        (value(2), value(np.int64(2)), "scalar"),
        (value(2), value(np.int64(3)), "wrong"),
        (value(2.0), value(np.float64(2.0)), "scalar"),
        (value(2.0), value(np.float32(2.0)), "wrong"),
        (value(True), value(np.True_), "scalar"),
        (value(True), value(1), "wrong"),
        (value(2.0), value(np.array(2.0)), "wrong"),
        (value([0.1 + 0.2, 2]), value([0.3, np.int64(2)]), "rounds"),
    ],
)
def test_numpys_number_for_pythons_is_a_kind_of_its_own(own, other, kind):
    """NumPy's int is an int to most contracts; an array without axes, or another precision, is something else."""
    assert difference(own, other)[0] == kind
