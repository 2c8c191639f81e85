"""The judge's side of a call: what an answer may do to it, and what it asks of an answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelmark.errors import CourseError, GraderError, SubmissionError
from kernelmark.lab import Tensor
from kernelmark.wire import proxy
from kernelmark.wire.values import (
    WireError,
)
from tests.wire.strategies import REPLY


class OneAnswer:
    """A line on which one request is answered, with whatever was made up."""

    def __init__(self, reply, buffers):
        self.reply, self.buffers, self.asked = reply, buffers, 0

    def request(self, header, buffers=(), timeout_s=None):
        self.asked += 1
        return self.reply, self.buffers

    def callback(self, function):
        return {"k": 0}


class TestAnswers:
    @given(REPLY, st.lists(st.binary(max_size=40), max_size=3))
    def test_of_any_kind_are_a_value_or_the_students_error(self, reply, buffers):
        """The judge asks nothing back, keeps the shapes of what it sent, and takes the blame for nothing."""
        line = OneAnswer(reply, buffers)
        numbers, flags, tensor = np.zeros((2, 2)), np.zeros(3, bool), Tensor(np.zeros(2))
        found = None
        try:
            proxy.call(lambda: line, {"n": "f"}, (numbers, flags, tensor), {})
        except Exception as error:
            found = error
        assert found is None or isinstance(found, SubmissionError) or getattr(found, "kernelmark_remote", False)
        assert not isinstance(found, StopIteration | GraderError | CourseError)
        str(found).encode()
        assert line.asked == 1
        assert (numbers.shape, numbers.dtype, flags.shape, flags.dtype) == ((2, 2), float, (3,), bool)
        assert flags.view(np.uint8).max() <= 1
        assert tensor.data.dtype.kind in "biufc"

    def test_to_an_iteration_end_it_and_to_a_call_do_not(self):
        """`all(map(f, inputs))` of a test goes through all inputs, whatever f raises."""
        line = OneAnswer({"error": {"type": "StopIteration", "name": "StopIteration", "message": ""}}, [])
        function = proxy.Proxy(lambda: line, {"n": "f"}, "f")
        with pytest.raises(RuntimeError, match="StopIteration"):
            list(map(function, [1, 2]))
        with pytest.raises(StopIteration):
            proxy.call(lambda: line, {"g": [{"h": 0}, "__next__"]}, (), {}, step=True)

    def test_change_each_argument_once(self):
        """A million times the same contents would be copied a million times."""
        line = OneAnswer({"ok": None, "changed": [[0, 0]] * 2}, [b"\0" * 8])
        with pytest.raises(WireError, match="changed"):
            proxy.call(lambda: line, {"n": "f"}, (np.zeros(1),), {})
