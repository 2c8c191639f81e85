"""Work in a process of its own, so that what hangs or dies costs no other work.

The process tells what it found, a line at a time, and is ended where it takes too long. It does not know what the work
is, nor what an answer means.
"""

import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

# What a process may take beyond its time: to be started, to be told to stop, to write.
SLACK_S = 1.0


@dataclass
class Told:
    """What a process told before it ended.

    Attributes:
        found: what was found for each index, as plain data.
        took: the seconds that each took.
        late: whether it was ended for want of time, rather than ending by itself.
        cut: the index that was under way when it ended; None where all that were wanted are done.
    """

    found: dict[int, Any] = field(default_factory=dict)
    took: dict[int, float] = field(default_factory=dict)
    late: bool = False
    cut: int | None = None


def each(
    do: Callable[[int], Any],
    indices: range,
    each_s: float,
    all_s: float,
    last: Callable[[Any], bool] = lambda found: False,
    then: Callable[[int], Any] | None = None,
) -> Told:
    """Do something for each index in one process, in order.

    Args:
        do: what is done; what it returns is told where it is not None, and must be plain data.
        each_s: seconds for one index; all_s: for all of them.
        last: says of what was found whether there is no need to go on.
        then: for that last one, may return more that is told in its place.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            _child(do, indices, writing, last, then)
        finally:
            os._exit(0)
    os.close(writing)
    told, ended = Told(), False
    at, buffer, heard = indices.start, b"", time.monotonic()
    end = heard + all_s
    while True:
        left_s = min(heard + each_s + SLACK_S, end) - time.monotonic()
        ready = select.select([reading], [], [], max(left_s, 0.0))[0]
        piece = os.read(reading, 2**16) if ready else b""
        if not piece:
            told.late = not ready
            break
        *lines, buffer = (buffer + piece).split(b"\n")
        for line in lines:
            index, seconds, what = json.loads(line)
            told.took.setdefault(index, seconds)
            at, heard = index + 1, time.monotonic()
            if what is not None:
                told.found[index] = what
                ended = ended or last(what)
    os.close(reading)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    told.cut = None if ended or at >= indices.stop else at
    return told


def one(do: Callable[[], Any], seconds: float) -> Told:
    """Do one thing in a process of its own; what it returns is found at 0."""
    return each(lambda _: do(), range(1), seconds, seconds + SLACK_S)


def _child(
    do: Callable[[int], Any],
    indices: Iterable[int],
    writing: int,
    last: Callable[[Any], bool],
    then: Callable[[int], Any] | None,
) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    for index in indices:
        start = time.monotonic()
        try:
            found = do(index)
        except BaseException as error:  # a process that only tells what it saw; nothing is left to clean up
            found = ["unplanned", f"it cannot be compared: {type(error).__name__}"]
        _tell(writing, [index, time.monotonic() - start, found])
        if found is not None and last(found):
            if then is not None and (more := then(index)) is not None:
                _tell(writing, [index, 0.0, more])
            return


def _tell(writing: int, what: list[Any]) -> None:
    data = json.dumps(what).encode() + b"\n"
    while data:
        data = data[os.write(writing, data) :]
