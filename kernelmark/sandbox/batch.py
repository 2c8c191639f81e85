"""The server's side of a batch of timed calls: everything in place, wait for "go", call, put the outputs in place.

The clock is read on the other side (`timed`), while this process is stopped; what the arrays
hold is written then. Numbers come with "go" itself, as does anything else.
"""

import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kernelmark.wire.channel import Channel
from kernelmark.wire.values import Decoder, Encoder, Plain
from kernelmark.wire.withheld import completed, views

# Outputs up to this size cross as one array; larger ones are not worth a second copy.
MAX_STACKED_BYTES = 16 * 2**10


def awaited(
    channel: Channel, calls: Plain, extra: Sequence[Any], resolve: Callable[[Plain], Any], ready: Callable[[], None]
) -> list[tuple[Any, ...]]:
    """Return the inputs of each call, once they are here.

    Args:
        calls: where the inputs will stand in the region, or None where they come with "go".
        extra: what every call is given besides.
        ready: says to the other end that all is in place but the contents.
    """
    batch = [views(channel.inbox, call) for call in calls or ()]
    ready()
    go, buffers = channel.receive()
    if calls is None:
        batch = Decoder(buffers, resolve).decode(go["batch"])
    elif go["numbers"] is not None:
        batch = [completed(inputs, numbers) for inputs, numbers in zip(batch, go["numbers"], strict=True)]
    return [(*inputs, *extra) for inputs in batch] if extra else batch


def encoded(results: list[Any], encoder: Encoder) -> Plain:
    """Return the outputs of all calls as one node, in the shortest way: it is part of what is timed."""
    return results if _plain(results) else encoder.encode(_stacked(results))


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Hold the garbage collector back, until the answer is sent."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


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
