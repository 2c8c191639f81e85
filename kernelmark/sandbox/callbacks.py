"""Functions of a test that submitted code may call: which were given, and what a call of one answers.

What a call raises goes back to the code that called, as at a desk, unless it is a fault of the
course or of the grader: that is kept, for the test as a whole. Array arguments that the function
changed go back too. It moves nothing: `link` does, and `visits` for calls of other threads and processes.
"""

from collections.abc import Callable
from typing import Any

from kernelmark.errors import CourseError, GraderError
from kernelmark.wire.refused import noted
from kernelmark.wire.values import Decoder, Encoder, Plain, WireError, no_objects, refuse


class Callbacks:
    """The functions that one process was given, each under a number that is used once."""

    def __init__(self) -> None:
        self._functions: dict[int, Callable[..., Any]] = {}
        self._given = 0
        # What went wrong in a function of the test, and is no fault of the code that called it.
        self.fault: CourseError | GraderError | None = None

    def give(self, function: Callable[..., Any]) -> Plain:
        """Return the mark under which the other side can call a function of ours."""
        self._functions[self._given] = function
        self._given += 1
        return {"k": self._given - 1}

    def forget(self) -> None:
        """Serve the functions given so far no more: a new test cell begins."""
        self._functions.clear()

    def answer(self, request: dict[str, Any], buffers: list[bytes]) -> tuple[dict[str, Any], list[Any]]:
        """Call the function that a message asks for; return the answer.

        Raises:
            WireError: the message names no function that was given.
        """
        index = request["callback"]
        function = self._functions.get(index) if type(index) is int else None
        # A method of a class that the test built is handed objects; any other function is handed plain values.
        resolve, leave = getattr(function, "kernelmark_reads", (no_objects, refuse))
        decoder = Decoder(buffers, resolve)
        args, kwargs = decoder.decode(request.get("args")), decoder.decode(request.get("kwargs"))
        if type(index) is not int or not 0 <= index < self._given or not isinstance(kwargs, dict):
            raise WireError("a callback that was never given")
        encoder = Encoder(leave, known=decoder.arrays)
        try:
            if function is None:
                raise RuntimeError("this function belonged to a test that is over")
            found = function(*args, **kwargs)
            with noted():
                reply: dict[str, Any] = {"ok": encoder.encode(found)}
        except Exception as error:  # whatever it raises, a test's function included, belongs to whoever called it
            if isinstance(error, CourseError | GraderError):
                self.fault = error
            if isinstance(error, TypeError) and error.__traceback__ and error.__traceback__.tb_next is None:
                # It was not entered; Python's message would name what stands in a test.
                error = TypeError("this function of the test takes other arguments")
            encoder = Encoder(refuse)
            reply = {"error": {"kind": type(error).__name__, "message": str(error)}}
        payload, reply["changed"] = list(encoder.sent.buffers), []
        for position, (at, memory) in enumerate(decoder.memory):
            if memory != buffers[at]:
                reply["changed"].append([position, len(payload)])
                payload.append(bytes(memory))
        return reply, payload
