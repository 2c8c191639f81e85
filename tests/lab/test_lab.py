"""What notebooks work with: each instrument says what it promises, and nothing it cannot know."""

import numpy as np
import pytest

from kernelmark.lab import beside, traced_peak_bytes


class TestTracedPeakBytes:
    def test_counts_a_temporary_that_is_gone_when_the_call_returns(self):
        """The peak holds what lived at one time, not what is left."""

        def doubled_sum(n):
            ones = np.ones(n)
            doubled = ones + ones
            return float(doubled.sum())

        peak = traced_peak_bytes(doubled_sum, 100_000)
        assert 1_600_000 <= peak < 1_610_000

    def test_leaves_out_what_was_there_before(self):
        """Arguments are the caller's, however large they are."""
        held = np.ones(1_000_000)
        assert traced_peak_bytes(np.sum, held) < 10_000

    def test_is_off_again_after_an_error(self):
        """A call that raises leaves nothing running that would slow what follows."""
        import tracemalloc

        def fails():
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            traced_peak_bytes(fails)
        assert not tracemalloc.is_tracing()


class TestBeside:
    def test_makes_an_instrument_here_for_a_function_that_is_here(self):
        """At the desk the instrument is an object like any other."""
        assert beside(len, dict, a=1) == {"a": 1}
