"""Calls of a test's functions from other threads and processes of a sandbox: each on a line of its own, side by side.

A call sends one end of a new socket through the door; what it asks and what it is answered goes
over that. Each is served in a thread, so that a function of the test may let one call wait for
others: that two are under way at the same time is then seen here, and so is, from the kernel, which
process each of them is. Nobody is served while a call is timed.
It does not call: `callbacks` does. It does not say which thread of a process called.
"""

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from kernelmark.lab import remote
from kernelmark.wire.channel import Channel
from kernelmark.wire.values import WireError

# So many calls may be under way at the same time; whoever has more meets a closed line.
MAX_VISITS = 64
# A visitor that does not say what it wants for this long is sent away.
PATIENCE_S = 10.0

_CREDENTIALS = struct.Struct("3i")  # process, user, group

Answer = Callable[[dict[str, Any], list[bytes]], tuple[dict[str, Any], list[Any]]]


class Visits:
    """The judge's side of the door of one sandbox. It opens with the first function that is given.

    Args:
        door: our end; the other is the sandbox's. Owned from here on.
        answer: calls the function that a message asks for.
    """

    def __init__(self, door: socket.socket, answer: Answer):
        self._door = door
        self._answer = answer
        self._thread: threading.Thread | None = None
        self._served = 0
        self._count = threading.Lock()
        self.refused = False
        # The process that serves the line itself; a thread of it calls on nobody else's behalf.
        self.home = 0

    def open(self) -> None:
        """Serve whoever comes, from now on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._receive, name="kernelmark visits", daemon=True)
            self._thread.start()

    @contextlib.contextmanager
    def none(self) -> Iterator[None]:
        """Send every visitor away meanwhile."""
        self.refused = True
        try:
            yield
        finally:
            self.refused = False

    def close(self) -> None:
        """Serve no more visitors; those who are inside go when they are answered."""
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)  # wakes the thread
        if self._thread is None:
            self._door.close()

    def _receive(self) -> None:
        with self._door:
            while True:
                try:
                    word, ancillary, _, _ = self._door.recvmsg(1, socket.CMSG_LEN(4), socket.MSG_CMSG_CLOEXEC)
                except OSError:
                    return
                for level, kind, data in ancillary:
                    if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                        self._admit(struct.unpack(f"{len(data) // 4}i", data[: len(data) // 4 * 4]))
                if not word:
                    return

    def _admit(self, descriptors: tuple[int, ...]) -> None:
        for descriptor in descriptors:
            try:
                visitor = socket.socket(fileno=descriptor)
            except OSError:
                os.close(descriptor)
                continue
            with self._count:
                welcome = not self.refused and self._served < MAX_VISITS
                self._served += welcome
            if not (welcome and visitor.family == socket.AF_UNIX and visitor.type == socket.SOCK_STREAM):
                visitor.close()
                self._gone(welcome)
                continue
            try:
                threading.Thread(target=self._serve, args=(visitor,), name="kernelmark visit", daemon=True).start()
            except RuntimeError:  # no thread can be started
                visitor.close()
                self._gone(welcome)

    def _gone(self, served: bool = True) -> None:
        with self._count:
            self._served -= served

    def _serve(self, visitor: socket.socket) -> None:
        # What goes wrong is the visitor's: its line closes, and its call ends in an error over there.
        try:
            with visitor, contextlib.suppress(OSError, EOFError, WireError, KeyError):
                process, _, _ = _CREDENTIALS.unpack(
                    visitor.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
                )
                line = Channel(visitor)
                line.expect_by(time.monotonic() + PATIENCE_S)
                request, buffers = line.receive()
                if not isinstance(request, dict):
                    return
                with remote.on_behalf_of(os.getpid() if process == self.home else process):
                    answer, payload = self._answer(request, buffers)
                line.send(answer, payload)
        finally:
            self._gone()
