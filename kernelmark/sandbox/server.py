"""The student's side of a link: run a cell, answer a call, run a timed batch.

This room runs inside the sandbox, in one process with submitted code, which may do
anything to it. So it protects nothing and decides nothing: no verdict, no clock and
no test is ever here, and the other end believes only values, never claims. The
reference process runs the same file on the instructor's own cells.
"""

import contextlib
import mmap
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kernelmark import own_types
from kernelmark.sandbox import batch, given, luggage
from kernelmark.sandbox.objects import Objects, can_cross, describe_error
from kernelmark.sandbox.shared import Around, Globals
from kernelmark.sandbox.shared_files import Beside
from kernelmark.sandbox.shell import Shell, make_shell
from kernelmark.wire.channel import Channel
from kernelmark.wire.contents import is_as, looked_at
from kernelmark.wire.kind import answering, be_beside_submitted_code
from kernelmark.wire.raised import described
from kernelmark.wire.values import REGION_BYTES, Decoder, Encoder, Plain, WireError


class Server:
    """Answers one request after the other, by the table of its operations, until the other end closes the connection.

    What an operation may ask in its turn, a function of the test, goes over the same line (`_callback`), or from
    another thread or process through the door.
    """

    def __init__(self, channel: Channel, shell: Shell, door: socket.socket):
        self._channel = channel
        self._shell = shell
        self._door = door
        self._process = os.getpid()
        given.use(self._callback)
        self._globals, self._beside = Globals(shell.user_ns), Beside()
        self._objects = Objects(self._globals)
        self._busy = self._timing = False
        self._around: Around | None = None
        self._operations: dict[str, Callable[..., None]] = {
            "cell": self._cell,
            "names": self._names,
            "call": self._call,
            "get": self._get,
            "set": self._set,
            "forget": self._forget,
            "restore": self._restore,
            "files": self._files,
            "classes": self._know_classes,
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
            self._answer({"error": self._described(error)})

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

    @contextlib.contextmanager
    def _within(self, around: Around) -> Iterator[None]:
        before, self._around = self._around, around
        try:
            yield
        finally:
            self._around = before

    def _cell(self, _: list[bytes], source: str, **bounds: int) -> None:
        with self._working():
            outputs, error = self._shell.run(source, **bounds)
        self._answer({"ok": {"outputs": outputs, "failed": error is not None}})

    def _names(self, _: list[bytes], names: list[str]) -> None:
        encoder = Encoder(self._objects.leave)
        found: dict[str, dict[str, Any]] = {}
        for name in names:
            value = self._shell.user_ns.get(name, self)
            if value is self:
                found[name] = {"kind": "missing"}
            elif callable(value) or not can_cross(value):
                found[name] = {"kind": "callable", "type": type(value).__name__[:100]}
                if isinstance(value, type) and issubclass(value, BaseException):
                    found[name]["bases"] = described(value)
            else:
                found[name] = {"kind": "value", "value": encoder.encode(value)}
        self._answer({"ok": found}, encoder.sent.buffers)

    def _forget(self, _: list[bytes]) -> None:
        self._objects.forget()
        self._answer({"ok": None})

    def _know_classes(self, _: list[bytes], names: list[str]) -> None:
        own = self._shell.user_ns
        own_types.know_classes(lambda: {name: own[name] for name in names if isinstance(own.get(name), type)})
        self._answer({"ok": None})

    def _restore(self, _: list[bytes]) -> None:
        self._globals.restore()
        self._answer({"ok": None})

    def _files(self, buffers: list[bytes], run: int, place: str, files: dict[str, Plain]) -> None:
        self._beside.begin(run, place)
        self._beside.change(files, Decoder(buffers, self._resolve))
        self._answer({"ok": None})

    def _call(self, buffers: list[bytes], target: Plain, args: Plain, kwargs: Plain, **shared: Plain) -> None:
        decoder = Decoder(buffers, self._resolve)
        around, handed, looks = None, {}, {}
        try:
            # An argument may be one of the student's own functions, which may not be there.
            positional, keywords = decoder.decode(args), decoder.decode(kwargs)
            around = Around(self._globals, self._beside, decoder, shared)
            handed = {**dict(enumerate(positional)), **keywords}
            looks = {which: looked_at(value) for which, value in handed.items()}
            with self._working(), self._within(around), around.the_call():
                function = self._objects.find(target)
                result = function(*positional, **keywords)
            encoder = Encoder(self._objects.leave, known=decoder.arrays)
            # What a class of the notebook makes is an object with methods, whatever it is built on.
            made = type(result) is function and isinstance(result, list | dict | set)
            with answering():
                reply: dict[str, Any] = {"ok": self._objects.leave(result) if made else encoder.encode(result)}
        except BaseException as error:  # submitted code may raise anything
            encoder = Encoder(self._objects.leave, known=decoder.arrays)
            reply = {"error": self._described(error)}
        reply["contents"] = _changed_contents(handed, looks, encoder)
        reply |= around.told(encoder) if around is not None else {}
        reply["changed"] = []
        for position, (index, memory) in enumerate(decoder.memory):
            if memory != buffers[index]:
                reply["changed"].append([position, len(encoder.sent.buffers)])
                encoder.sent.buffers.append(bytes(memory))
        reply["values"] = [encoder.encode(value.to_plain()) for value in decoder.values]
        self._answer(reply, encoder.sent.buffers)

    def _get(self, _: list[bytes], target: Plain, name: str) -> None:
        encoder = Encoder(self._objects.leave)
        try:
            with self._working():
                value = getattr(self._objects.find(target), name)
            with answering():
                reply = {"ok": {"method": True} if callable(value) else {"value": encoder.encode(value)}}
        except BaseException as error:  # submitted code may raise anything
            reply = {"error": self._described(error)}
        self._answer(reply, encoder.sent.buffers)

    def _set(self, buffers: list[bytes], target: Plain, name: str, value: Plain) -> None:
        try:
            with self._working():
                setattr(self._objects.find(target), name, Decoder(buffers, self._resolve).decode(value))
            self._answer({"ok": None})
        except BaseException as error:  # submitted code may raise anything
            self._answer({"error": self._described(error)})

    def _timed(self, buffers: list[bytes], target: Plain, calls: Plain, args: Plain, kwargs: Plain) -> None:
        decoder = Decoder(buffers, self._resolve)
        extra, keywords = decoder.decode(args), decoder.decode(kwargs)
        inputs = batch.awaited(self._channel, calls, extra, self._resolve, lambda: self._answer({"ok": "ready"}))
        with batch.uncollected():
            self._timing = True
            try:
                with self._working():
                    function = self._objects.find(target)
                    results = [function(*given, **keywords) for given in inputs]
                encoder = Encoder(self._objects.leave, contiguous=True)
                reply = {"ok": batch.encoded(results, encoder)}
            except BaseException as error:  # submitted code may raise anything
                encoder = Encoder(self._objects.leave)
                reply = {"error": self._described(error)}
            self._timing = False
            self._answer(reply, encoder.sent.buffers, through_region=True)

    def _described(self, error: BaseException) -> dict[str, Any]:
        return describe_error(error, frozenset({__file__}))

    def _resolve(self, node: Plain) -> Any:
        if "k" in node:
            return given.Given(node["k"])
        return self._objects.find(node)

    def _callback(self, identity: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._timing:
            raise RuntimeError("a function of the test cannot be used in a timed call")
        asks_here = threading.current_thread() is threading.main_thread() and os.getpid() == self._process
        if not self._busy or not asks_here:
            # The line carries one question at a time; a late or parallel word would be taken for nonsense.
            return given.visit(self._door, identity, args, kwargs)
        with self._around.lifted() if self._around is not None else contextlib.nullcontext():
            return self._called_back(identity, args, kwargs)

    def _called_back(self, identity: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        request, encoder = given.message(identity, args, kwargs, self._objects.leave)
        asked = self._identity
        self._channel.send({**request, "id": asked}, encoder.sent.buffers)
        reply, buffers = self._channel.receive()
        while "op" in reply:  # the function of the test calls something of ours in its turn
            self._serve(reply, buffers)
            reply, buffers = self._channel.receive()
        self._identity = asked
        return given.result(reply, buffers, encoder, self._resolve)


def _changed_contents(handed: dict[Any, Any], looks: dict[Any, Any], encoder: Encoder) -> list[Plain]:
    """Return the arguments whose lists, dicts and sets hold something else than before the call."""
    found = []
    for which, value in handed.items():
        if not is_as(value, looks.get(which, value)):
            with contextlib.suppress(WireError):
                found.append([which, encoder.encode(value, 1)])
    return found


def main() -> None:
    """Serve on the five descriptors named in the arguments: socket, inbox, outbox, files, door."""
    serve_on(*(int(text) for text in sys.argv[1:6]))


def serve_on(connection: int, inbox: int, outbox: int, files: int, door: int) -> None:
    """Unpack the files that came along, and serve on the other descriptors until the other end is gone."""
    sys.argv = [""]
    # What C code prints goes nowhere; a pipe that nobody reads would fill up and hang.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    luggage.unpack(files)
    be_beside_submitted_code()
    os.close(files)
    sys.path.append(os.getcwd())  # last: a file beside the notebook shadows nothing
    channel = Channel(socket.socket(fileno=connection), mmap.mmap(inbox, REGION_BYTES), mmap.mmap(outbox, REGION_BYTES))
    os.close(inbox)
    os.close(outbox)
    server = Server(channel, make_shell(), socket.socket(fileno=door))
    channel.send({"ok": "started"})
    server.serve()
