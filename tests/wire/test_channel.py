"""`kernelmark.wire.channel`: messages arrive whole, and whatever else is written on the line is refused."""

import json
import mmap
import socket
import struct
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelmark.wire import channel
from kernelmark.wire.channel import INLINE_BYTES, MAX_HEADER_BYTES, Channel
from kernelmark.wire.values import REGION_BYTES, WireError
from tests.wire.strategies import JSON


class Ends:
    """Two channels that face each other, and the raw socket of the second."""

    def __init__(self):
        self.sockets = socket.socketpair()
        regions = [mmap.mmap(-1, REGION_BYTES) for _ in range(2)]
        self.here = Channel(self.sockets[0], regions[0], regions[1])
        self.there = Channel(self.sockets[1], regions[1], regions[0])
        self.raw = self.sockets[1]
        self.region = regions[0]

    def close(self):
        self.here.close()
        self.there.close()


@pytest.fixture
def ends():
    both = Ends()
    yield both
    both.close()


def received(raw):
    """Send raw bytes and the end of the line; return what `receive` makes of them."""
    both = Ends()
    try:
        both.raw.sendall(raw)
        both.raw.shutdown(socket.SHUT_WR)
        return both.here.receive()
    finally:
        both.close()


def frame(text, total=0, in_region=0, header_bytes=None):
    return struct.pack("!IQB", len(text) if header_bytes is None else header_bytes, total, in_region) + text


class TestChannel:
    @given(
        st.dictionaries(st.text(), st.integers(), max_size=3),
        st.lists(st.binary(max_size=50), max_size=4),
        st.booleans(),
    )
    def test_a_message_arrives_as_it_was_sent(self, header, buffers, through_region):
        """Header and buffers, through the socket or the shared region."""
        both = Ends()
        try:
            both.there.send(header, buffers, through_region=through_region)
            assert both.here.receive() == (header, buffers)
        finally:
            both.close()

    def test_messages_follow_each_other(self, ends):
        """The end of one is the beginning of the next, in both directions."""
        for number in range(3):
            ends.there.send({"n": number}, [b"x" * number])
            ends.here.send({"back": number})
        assert [ends.here.receive() for _ in range(3)] == [({"n": n}, [b"x" * n]) for n in range(3)]
        assert [ends.there.receive()[0] for _ in range(3)] == [{"back": n} for n in range(3)]

    @pytest.mark.parametrize("size", [INLINE_BYTES, INLINE_BYTES + 1, 5 * 2**20])
    def test_large_payloads_arrive(self, ends, size):
        """On either side of the size from which shared memory is used."""
        payload = np.random.default_rng(1).bytes(size)
        sender = threading.Thread(target=ends.there.send, args=({}, [payload, b"end"]))
        sender.start()
        header, buffers = ends.here.receive()
        sender.join()
        assert (header, buffers) == ({}, [payload, b"end"])

    def test_what_was_received_does_not_change_afterwards(self, ends):
        """A buffer is a copy: the sender cannot finish its answer in the shared region later."""
        ends.there.send({}, [b"early"], through_region=True)
        _, (buffer,) = ends.here.receive()
        ends.region[:5] = b"later"
        assert buffer == b"early"

    def test_region_is_read_after_the_pause(self, ends):
        """What counts as the answer is what lies there when the sender has been stopped."""
        ends.there.send({}, [b"early"], through_region=True)

        def stop():
            ends.region[:5] = b"final"

        assert ends.here.receive(pause=stop) == ({}, [b"final"])

    def test_a_message_that_is_too_large_is_not_sent(self, ends, monkeypatch):
        """Payload and header are bounded, and nothing of it goes on the line."""
        monkeypatch.setattr(channel, "REGION_BYTES", 1000)
        monkeypatch.setattr(channel, "MAX_HEADER_BYTES", 1000)
        for header, buffers in (({}, [b"x" * 600, b"x" * 600]), ({"a": "x" * 1001}, [])):
            with pytest.raises(WireError, match="may hold"):
                ends.there.send(header, buffers)
        ends.there.send({"ok": 1})
        assert ends.here.receive() == ({"ok": 1}, [])

    @pytest.mark.parametrize(
        "raw",
        [
            frame(b"[{},[]]", header_bytes=MAX_HEADER_BYTES + 1),
            frame(b"[{},[]]", total=REGION_BYTES + 1, in_region=1),
            frame(b"[{},[]]", total=2**63, in_region=1),
            frame(b"[{},[]]", total=INLINE_BYTES + 1),
            frame(b"[{},[5]]"),
            frame(b"[{},[-5,5]]"),
            frame(b"[{},[4,4]]", total=7, in_region=1),
            frame(b"[{},[true]]", total=1, in_region=1),
            frame(b"[{},[1.0]]", total=1, in_region=1),
            frame(b"[{},3]"),
            frame(b"[{}]"),
            frame(b"{}"),
            frame(b"3"),
            frame(b"[" * 100_000),
            frame(b"[[],[]"),
            frame(b"\xff\xfe"),
            frame(b""),
            frame(b"[" + b"9" * 5000 + b",[]]"),
        ],
        ids=range(18),
    )
    def test_a_malformed_frame_is_refused(self, raw):
        """Lengths that do not add up, sizes that are none, text that is no JSON."""
        with pytest.raises(WireError):
            received(raw)

    @pytest.mark.parametrize("raw", [b"", b"\0", frame(b"[{},[]]")[:-1], frame(b"[{},[2]]", total=2) + b"x"])
    def test_a_line_that_ends_half_way_is_the_end(self, raw):
        """A closed socket is no message."""
        with pytest.raises(EOFError):
            received(raw)

    @given(
        st.binary(max_size=60)
        | st.builds(frame, st.binary(max_size=30), st.integers(0, 100), st.integers(0, 255))
        | st.builds(lambda value, total: frame(json.dumps(value).encode(), total, 1), JSON, st.integers(0, 100))
    )
    def test_random_bytes_give_a_message_or_one_of_two_errors(self, raw):
        """Whatever is written on the line, the grader does not break on it."""
        try:
            _, buffers = received(raw)
        except (WireError, EOFError):
            return
        assert all(type(buffer) is bytes for buffer in buffers)

    def test_announced_sizes_reserve_no_memory(self):
        """A header of 32 MiB that never comes costs what came of it."""
        with pytest.raises(EOFError):
            received(frame(b"[", header_bytes=MAX_HEADER_BYTES))

    def test_silence_ends_at_the_deadline(self, ends):
        """A deadline that has passed is a TimeoutError, whatever was announced."""
        ends.raw.sendall(frame(b"[{},[]]")[:6])
        ends.here.expect_by(time.monotonic() - 1)
        with pytest.raises(TimeoutError):
            ends.here.receive()

    def test_one_piece_at_a_time_does_not_move_the_deadline(self, ends, monkeypatch):
        """The deadline is for the whole message, not for each piece of it."""
        ends.raw.sendall(frame(b"[{},[]]")[:5])
        ticks = iter([0.0, 11.0])
        monkeypatch.setattr(channel, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
        ends.here.expect_by(10.0)
        with pytest.raises(TimeoutError):
            ends.here.receive()

    def test_a_reader_that_never_reads_is_given_up(self, ends, monkeypatch):
        """A full line ends in an error, not in a judge that hangs."""
        monkeypatch.setattr(channel, "SEND_TIMEOUT_S", 0.05)

        def flood():
            for _ in range(1000):
                ends.here.send({}, [b"x" * INLINE_BYTES])

        with pytest.raises(TimeoutError):
            flood()
