"""Several calls in a row: `kept_results`."""

import numpy as np

from kernelmark.lab import kept_results


class TestKeptResults:
    def test_fresh_results_are_what_each_call_returned(self):
        """One result for each tuple of arguments, in order."""
        assert kept_results(divmod, [(7, 2), (9, 4)]) == [(3, 1), (2, 1)]

    def test_a_reused_buffer_shows(self):
        """A function that hands out its own buffer seems to have returned the last answer each time."""
        buffer = np.zeros(3)

        def careless(value):
            buffer[:] = value
            return buffer

        first, second = kept_results(careless, [(1.0,), (2.0,)])
        assert first.tolist() == second.tolist() == [2.0, 2.0, 2.0]

    def test_no_calls_no_results(self):
        """Nothing is called for an empty list."""
        assert kept_results(int, []) == []
