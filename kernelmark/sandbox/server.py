"""The student's side of a link: run a cell, answer a call, run a timed batch.

This room runs inside the sandbox, in one process with submitted code, which may do
anything to it. So it protects nothing and decides nothing: no verdict, no clock and
no test is ever here, and the other end believes only values, never claims. The
reference process runs the same file on the instructor's own cells.
"""

import builtins
import contextlib
import gc
import mmap
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kernelmark.errors import SubmissionError
from kernelmark.sandbox.shell import MAX_MESSAGE_CHARS, Shell, make_shell, text_of
from kernelmark.wire.channel import Channel
from kernelmark.wire.values import (
    REGION_BYTES,
    Decoder,
    Encoder,
    Plain,
    WireError,
    completed,
    function_by_name,
    views,
)

MAX_HANDLES = 100_000
# Outputs up to this size cross as one array; larger ones are not worth a second copy.
MAX_STACKED_BYTES = 16 * 2**10


def describe_error(error: BaseException) -> dict[str, str]:
    """Return an exception as plain data: nearest builtin type, own name, message, traceback as text."""
    builtin = next((kind for kind in type(error).__mro__ if kind.__module__ == "builtins"), Exception)
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    try:
        lines = "".join(traceback.format_exception(type(error), error, trace, limit=-12, chain=False))
    except BaseException:
        lines = ""
    return {
        "type": builtin.__name__,
        "name": type(error).__name__[:200],
        "message": text_of(error),
        "traceback": lines[-4 * MAX_MESSAGE_CHARS :],
    }


class Server:
    """Answers one request after the other until the connection closes."""

    def __init__(self, channel: Channel, shell: Shell):
        self._channel = channel
        self._shell = shell
        # Numbers of another process mean nothing here: one that was lost takes its objects with it.
        self._handles: dict[int, Any] = {}
        self._next_handle = int.from_bytes(os.urandom(6), "big")
        self._busy = self._timing = False
        self._operations: dict[str, Callable[..., None]] = {
            "cell": self._cell,
            "names": self._names,
            "call": self._call,
            "get": self._get,
            "set": self._set,
            "forget": self._forget,
            "timed": self._timed,
        }
        signal.signal(signal.SIGINT, self._interrupt)

    def serve(self) -> None:
        """Answer requests for as long as the other end is there."""
        while True:
            try:
                request, buffers = self._channel.receive()
            except EOFError:
                return
            self._serve(request, buffers)

    def _serve(self, request: dict[str, Any], buffers: list[bytes]) -> None:
        self._identity = request.pop("id")
        try:
            self._operations[request.pop("op")](buffers, **request)
        except WireError as error:
            self._answer({"error": describe_error(error)})

    def _answer(self, reply: dict[str, Any], buffers: Sequence[Any] = (), *, through_region: bool = False) -> None:
        self._channel.send({**reply, "id": self._identity}, buffers, through_region=through_region)

    def _interrupt(self, *_: Any) -> None:
        if self._busy:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before

    def _cell(self, _: list[bytes], source: str, **bounds: int) -> None:
        with self._working():
            outputs, error = self._shell.run(source, **bounds)
        self._answer({"ok": {"outputs": outputs, "failed": error is not None}})

    def _names(self, _: list[bytes], names: list[str]) -> None:
        encoder = Encoder(self._leave)
        found = {}
        for name in names:
            value = self._shell.user_ns.get(name, self)
            if value is self:
                found[name] = {"kind": "missing"}
            elif callable(value) or not self._can_cross(value):
                found[name] = {"kind": "callable"}
            else:
                found[name] = {"kind": "value", "value": encoder.encode(value)}
        self._answer({"ok": found}, encoder.sent.buffers)

    def _can_cross(self, value: Any) -> bool:
        try:
            Encoder(_stay_behind).encode(value)
        except WireError:
            return False
        return True

    def _forget(self, _: list[bytes]) -> None:
        self._handles.clear()
        self._answer({"ok": None})

    def _call(self, buffers: list[bytes], target: Plain, args: Plain, kwargs: Plain) -> None:
        decoder = Decoder(buffers, self._resolve)
        try:
            # An argument may be one of the student's own functions, which may not be there.
            positional, keywords = decoder.decode(args), decoder.decode(kwargs)
            with self._working():
                function = self._target(target)
                result = function(*positional, **keywords)
            encoder = Encoder(self._leave, known=decoder.arrays)
            # What a class of the notebook makes is an object with methods, whatever it is built on.
            made = type(result) is function and isinstance(result, list | dict | set)
            reply: dict[str, Any] = {"ok": self._leave(result) if made else encoder.encode(result)}
        except BaseException as error:
            encoder = Encoder(self._leave)
            reply = {"error": describe_error(error)}
        reply["changed"] = []
        for position, (index, memory) in enumerate(decoder.memory):
            if memory != buffers[index]:
                reply["changed"].append([position, len(encoder.sent.buffers)])
                encoder.sent.buffers.append(bytes(memory))
        reply["values"] = [encoder.encode(value.to_plain()) for value in decoder.values]
        self._answer(reply, encoder.sent.buffers)

    def _get(self, _: list[bytes], target: Plain, name: str) -> None:
        encoder = Encoder(self._leave)
        try:
            with self._working():
                value = getattr(self._target(target), name)
            reply = {"ok": {"method": True} if callable(value) else {"value": encoder.encode(value)}}
        except BaseException as error:
            reply = {"error": describe_error(error)}
        self._answer(reply, encoder.sent.buffers)

    def _set(self, buffers: list[bytes], target: Plain, name: str, value: Plain) -> None:
        try:
            with self._working():
                setattr(self._target(target), name, Decoder(buffers, self._resolve).decode(value))
            self._answer({"ok": None})
        except BaseException as error:
            self._answer({"error": describe_error(error)})

    def _timed(self, buffers: list[bytes], target: Plain, calls: Plain, args: Plain, kwargs: Plain) -> None:
        """Have everything in place but the contents of the inputs, wait for "go", call, put the outputs in place.

        The clock is read on the other side, while this process is stopped; what the
        arrays hold is written then. Numbers come with "go" itself, as does anything else.
        """
        decoder = Decoder(buffers, self._resolve)
        extra, keywords = decoder.decode(args), decoder.decode(kwargs)
        batch = [views(self._channel.inbox, call) for call in calls or ()]
        self._answer({"ok": "ready"})
        go, buffers = self._channel.receive()
        if calls is None:
            batch = Decoder(buffers, self._resolve).decode(go["batch"])
        elif go["numbers"] is not None:
            batch = [completed(inputs, numbers) for inputs, numbers in zip(batch, go["numbers"], strict=True)]
        if extra:
            batch = [(*inputs, *extra) for inputs in batch]
        collecting = gc.isenabled()
        gc.disable()
        self._timing = True
        try:
            with self._working():
                function = self._target(target)
                results = [function(*inputs, **keywords) for inputs in batch]
            encoder = Encoder(self._leave, contiguous=True)
            reply = {"ok": results if _plain(results) else encoder.encode(_stacked(results))}
        except BaseException as error:
            encoder = Encoder(self._leave)
            reply = {"error": describe_error(error)}
        self._timing = False
        self._answer(reply, encoder.sent.buffers, through_region=True)
        if collecting:
            gc.enable()

    def _target(self, target: Plain) -> Any:
        ((tag, content),) = target.items()
        if tag == "n":
            if content not in self._shell.user_ns:
                raise NameError(f"name {content!r} is not defined")
            return self._shell.user_ns[content]
        if tag == "f":
            return function_by_name(content)
        if tag == "g":
            return getattr(self._target(content[0]), content[1])
        if content not in self._handles:
            raise SubmissionError("an object of an earlier call was lost when its process was started again")
        return self._handles[content]

    def _resolve(self, node: Plain) -> Any:
        if "k" in node:
            return lambda *args, **kwargs: self._callback(node["k"], args, kwargs)
        return self._target(node)

    def _leave(self, value: Any) -> Plain:
        if len(self._handles) >= MAX_HANDLES:
            raise WireError(f"at most {MAX_HANDLES} objects may be held at once")
        self._next_handle += 1
        self._handles[self._next_handle] = value
        return {"h": self._next_handle, "type": type(value).__name__[:100], "callable": callable(value)}

    def _callback(self, identity: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not self._busy or self._timing or threading.current_thread() is not threading.main_thread():
            # The line carries one question at a time; a late or parallel word would be taken for nonsense.
            raise RuntimeError("a function of the test can be used in the main thread only, and not in a timed call")
        encoder = Encoder(self._leave)
        request = {
            "callback": identity,
            "id": self._identity,
            "args": encoder.encode(args),
            "kwargs": encoder.encode(kwargs),
        }
        asked = self._identity
        self._channel.send(request, encoder.sent.buffers)
        reply, buffers = self._channel.receive()
        while "op" in reply:  # the function of the test calls something of ours in its turn
            self._serve(reply, buffers)
            reply, buffers = self._channel.receive()
        self._identity = asked
        if "error" in reply:
            raise _rebuilt(**reply["error"])
        return Decoder(buffers, self._resolve).decode(reply["ok"])


def _rebuilt(kind: str, message: str) -> Exception:
    """Return what a function of the test raised, so that the code which called it can catch it."""
    found = getattr(builtins, kind, None)
    if isinstance(found, type) and issubclass(found, Exception):
        with contextlib.suppress(TypeError):
            return found(message)
    return SubmissionError(f"{kind}: {message}")


def _stay_behind(value: Any) -> Plain:
    """Stand for an object while it is tried whether what holds it can cross."""


def _plain(results: list[Any]) -> bool:
    """Say whether all results are numbers that cross as they are; to encode each takes a microsecond or two."""
    kind = type(results[0])
    return kind in (int, float, bool) and all(type(r) is kind for r in results)


def _stacked(results: list[Any]) -> Any:
    """Return many small equal arrays as one: to encode each by itself takes as long as a call of 10 us."""
    first = results[0]
    if len(results) < 2 or type(first) is not np.ndarray or first.nbytes > MAX_STACKED_BYTES:
        return results
    alike = all(type(r) is np.ndarray and r.shape == first.shape and r.dtype == first.dtype for r in results)
    return {"stack": np.array(results)} if alike else results


def main() -> None:
    """Serve on the three descriptors named in the arguments: socket, inbox, outbox."""
    connection, inbox, outbox = (int(text) for text in sys.argv[1:4])
    serve_on(connection, inbox, outbox)


def serve_on(connection: int, inbox: int, outbox: int) -> None:
    """Serve on three descriptors until the other end is gone."""
    sys.argv = [""]
    # What C code prints goes nowhere; a pipe that nobody reads would fill up and hang.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.path.append(os.getcwd())  # last: a file beside the notebook shadows nothing
    channel = Channel(socket.socket(fileno=connection), mmap.mmap(inbox, REGION_BYTES), mmap.mmap(outbox, REGION_BYTES))
    os.close(inbox)
    os.close(outbox)
    server = Server(channel, make_shell())
    channel.send({"ok": "started"})
    server.serve()
