"""Floating point warnings, made to count."""

import numpy as np
import pytest

from kernelmark.lab import strictly


class TestStrictly:
    def test_a_call_without_a_warning_returns_its_result(self):
        """Arguments and result pass through."""
        assert strictly(np.add, 1.0, 2.0) == 3.0
        assert strictly(lambda a, b=1: a - b, 5, b=2) == 3

    @pytest.mark.parametrize(
        ("work", "text"),
        [
            (lambda: np.exp(np.array([1e4])), "overflow"),
            (lambda: np.array([-np.inf]) - np.array([-np.inf]), "invalid"),
            (lambda: np.log(np.array([0.0])), "divide"),
        ],
    )
    def test_a_warning_becomes_an_error_that_says_of_what(self, work, text):
        """Overflow, invalid value and division by zero."""
        with pytest.raises(FloatingPointError, match=text):
            strictly(work)

    def test_what_becomes_too_small_is_no_warning(self):
        """exp(-1000) is 0 and NumPy says nothing."""
        assert strictly(np.exp, -1000.0) == 0.0

    def test_what_a_function_silences_itself_is_meant(self):
        """np.errstate is an honest way to deal with a case."""

        def silent(x):
            with np.errstate(divide="ignore"):
                return np.log(x)

        assert strictly(silent, np.zeros(1))[0] == -np.inf

    def test_errors_of_the_function_pass_through(self):
        """Only warnings are turned into something else."""
        with pytest.raises(IndexError):
            strictly([].pop)

    def test_the_filters_are_as_before(self):
        """The next call may warn again."""
        with pytest.raises(FloatingPointError):
            strictly(np.log, np.zeros(1))
        with pytest.warns(RuntimeWarning):
            np.log(np.zeros(1))
