"""One end of the line between the judge and a process it does not trust: frames and shared regions.

A message is a JSON header and raw buffers; large ones go through shared memory, and are
copied out of it before anybody looks at them. Whatever a frame announces is bounded. It
does not know what a message holds (`wire`) or means (`links`, `server`).
"""

import contextlib
import fcntl
import json
import mmap
import os
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from kernelmark.wire.bounds import MAX_ITEMS, WireError, natural
from kernelmark.wire.values import REGION_BYTES, Plain

MAX_HEADER_BYTES = 12 * 2**20
# Below this a payload goes through the socket, above through shared memory.
INLINE_BYTES = 128 * 2**10
# What a message may hold where there is no shared memory.
BARE_BYTES = 2**20
# Whoever does not read for this long is taken for dead.
SEND_TIMEOUT_S = 10.0

_FRAME = struct.Struct("!IQB")  # header bytes, payload bytes, 1 if the payload lies in the region


@dataclass(frozen=True)
class Theirs:
    """The other end of a line that was just made, as descriptors; they are open as long as this context."""

    descriptors: tuple[int, ...]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)


def line(*further: int) -> tuple["Channel", Theirs]:
    """Return our end of a new line, and the other as (socket, inbox, outbox) for whoever is to hold it.

    Args:
        further: descriptors that go along, and are closed with the rest.
    """
    regions = [_sealed_region("to"), _sealed_region("from")]
    ours, theirs = socket.socketpair()
    outbox, inbox = (mmap.mmap(region, REGION_BYTES) for region in regions)
    return Channel(ours, inbox, outbox), Theirs((theirs.detach(), *regions, *further))


class Channel:
    """One end of a link: a stream socket and two shared regions, one a direction, or a socket alone."""

    def __init__(self, connection: socket.socket, inbox: mmap.mmap | None = None, outbox: mmap.mmap | None = None):
        self._connection = connection
        self._inbox = inbox
        self._outbox = outbox
        self.deadline_s: float | None = None
        self.received_bytes = 0

    @property
    def inbox(self) -> mmap.mmap:
        """The region that the other end fills."""
        assert self._inbox is not None
        return self._inbox

    def fill(self, pieces: Sequence[tuple[int, Any]]) -> None:
        """Write (offset, bytes) pieces into the region that the other end reads."""
        assert self._outbox is not None
        for at, raw in pieces:
            self._outbox[at : at + len(raw)] = raw

    def send(self, header: Plain, buffers: Sequence[Any] = (), *, through_region: bool = False) -> None:
        """Send a message; a large payload, or any where asked, goes through the shared region.

        Raises:
            WireError: the message is larger than may cross.
            OSError: the other end is gone.
        """
        text = json.dumps([header, [len(raw) for raw in buffers]], separators=(",", ":")).encode()
        total = sum(len(raw) for raw in buffers)
        most_header, most = self._most()
        if len(text) > most_header or total > most:
            raise WireError(
                f"a message may hold {most} bytes in arrays and {most_header} in other values; "
                f"this one holds {total} and {len(text)}"
            )
        in_region = self._outbox is not None and (through_region or total > INLINE_BYTES)
        if self._outbox is not None and in_region:
            at = 0
            for raw in buffers:
                self._outbox[at : at + len(raw)] = raw
                at += len(raw)
        self._connection.settimeout(SEND_TIMEOUT_S)
        frame = [_FRAME.pack(len(text), total, in_region), text]
        self._connection.sendall(b"".join(frame if in_region else [*frame, *buffers]))

    def receive(self, pause: Callable[[], None] = lambda: None) -> tuple[Plain, list[bytes]]:
        """Return the next message as (header, buffers), copied out of anything shared.

        Args:
            pause: called when the frame is here and before the shared region is read;
                a stopwatch stops the sender in it.

        Raises:
            WireError: the frame is malformed. TimeoutError, EOFError, OSError: no frame.
        """
        header_bytes, total, in_region = _FRAME.unpack(self._exactly(_FRAME.size))
        most_header, most = self._most()
        inline = most if self._inbox is None else INLINE_BYTES
        if header_bytes > most_header or total > most or (not in_region and total > inline):
            raise WireError("a frame announces more than may cross")
        self.received_bytes += header_bytes + total
        text = self._exactly(header_bytes)
        pause()
        payload = memoryview(self._inbox[:total] if in_region and self._inbox is not None else self._exactly(total))
        try:
            header, sizes = json.loads(text)
            sizes = [natural(size) for size in sizes]
        except (ValueError, TypeError, RecursionError) as error:
            raise WireError(f"malformed frame: {type(error).__name__}") from None
        if sum(sizes) != total or len(sizes) > MAX_ITEMS:
            raise WireError("the buffers of a frame do not add up to its payload")
        buffers, at = [], 0
        for size in sizes:
            buffers.append(bytes(payload[at : at + size]))
            at += size
        return header, buffers

    def expect_by(self, deadline_s: float | None) -> None:
        """Raise TimeoutError from `receive` once `time.monotonic()` has passed the deadline."""
        self.deadline_s = deadline_s

    def close(self) -> None:
        """Close the socket, and give the regions back."""
        self._connection.close()
        for region in (self._inbox, self._outbox):
            with contextlib.suppress(BufferError):  # somebody reads it still; it goes with the last reader
                if region is not None:
                    region.close()

    def _most(self) -> tuple[int, int]:
        """Return how many bytes a message may hold beside arrays, and in arrays."""
        return (BARE_BYTES, BARE_BYTES) if self._inbox is None else (MAX_HEADER_BYTES, REGION_BYTES)

    def _exactly(self, count: int) -> bytes:
        parts, missing = [], count
        while missing:
            if self.deadline_s is None:
                self._connection.settimeout(None)
            elif (left := self.deadline_s - time.monotonic()) > 0:
                self._connection.settimeout(left)
            else:
                raise TimeoutError("no answer in time")
            piece = self._connection.recv(min(missing, 2**20))
            if not piece:
                raise EOFError("the other end closed the connection")
            parts.append(piece)
            missing -= len(piece)
        return b"".join(parts)


def _sealed_region(name: str) -> int:
    """Return shared memory whose size neither side can change, so reading it cannot fault."""
    descriptor = os.memfd_create(f"kernelmark-{name}", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.ftruncate(descriptor, REGION_BYTES)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return descriptor
