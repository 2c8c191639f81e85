"""A function of the test, as the code that it was given to holds it.

In the main thread of the server it is called over the server's own line; in any other thread, and
in a process forked from it, through the door (`visits`), on a line of its own. It can be pickled, for
a worker that was forked. Like everything in the sandbox it protects nothing.
"""

import socket
from collections.abc import Callable
from typing import Any

from kernelmark.sandbox.objects import rebuilt
from kernelmark.wire.channel import Channel
from kernelmark.wire.values import Decoder, Encoder, Plain, WireError, copy_back, no_objects

# How the server of this process calls a function of the test: (number, args, kwargs). A fork has it too.
_call: Callable[[int, tuple[Any, ...], dict[str, Any]], Any] | None = None


class Given:
    """What stands for a function of the test; calling it has the judge call that function."""

    # What tells it from anything that submitted code makes, where only a function of the test may stand.
    is_of_the_test = True

    def __init__(self, number: int):
        self._number = number
        self.__name__ = "function_of_the_test"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Have it called; array arguments hold afterwards what the function wrote there."""
        if _call is None:
            raise RuntimeError("a function of the test can be used in forks of the notebook's process only")
        return _call(self._number, args, kwargs)

    def __reduce__(self) -> Any:
        return Given, (self._number,)


def use(call: Callable[[int, tuple[Any, ...], dict[str, Any]], Any]) -> None:
    """Say how a function of the test is called from this process and its forks."""
    global _call
    _call = call


def message(
    number: int, args: tuple[Any, ...], kwargs: dict[str, Any], leave: Callable[[Any], Plain]
) -> tuple[dict[str, Any], Encoder]:
    """Return what asks for a call, and the encoder that knows what went along."""
    encoder = Encoder(leave)
    return {"callback": number, "args": encoder.encode(args), "kwargs": encoder.encode(kwargs)}, encoder


def result(reply: dict[str, Any], buffers: list[bytes], encoder: Encoder, resolve: Callable[[Plain], Any]) -> Any:
    """Return what a call was answered, or raise it; arrays that went along hold what the function left in them."""
    sent = encoder.sent
    for position, index in reply.get("changed", ()):
        copy_back(sent.nodes[position], buffers[index], sent.arrays[position])
    if "error" in reply:
        raise rebuilt(**reply["error"])
    return Decoder(buffers, resolve, known=sent.arrays).decode(reply["ok"])


def visit(door: socket.socket, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a function of the test on a line of its own, from whatever thread or forked process."""
    try:
        request, encoder = message(number, args, kwargs, _refuse)
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                socket.send_fds(door, [b"."], [theirs.fileno()])
            line = Channel(ours)
            line.send(request, encoder.sent.buffers)
            reply, buffers = line.receive()
    except WireError as error:
        raise RuntimeError(f"a function of the test was called with what may not cross: {error}") from None
    except (EOFError, OSError):
        text = (
            "a function of the test did not answer: its test is over, a call is being timed, or too many are under way"
        )
        raise RuntimeError(text) from None
    return result(reply, buffers, encoder, no_objects)


def _refuse(value: Any) -> Plain:
    raise WireError(f"{type(value).__name__}, where only plain values can be handed over from this thread or process")
