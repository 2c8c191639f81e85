"""What comes back beside the answer of a call: changed arguments, and what was printed.

Whether a change may come back is for `changes` to say, where somebody notes them.
"""

import sys
from typing import Any

import numpy as np

from kernelmark.wire.bounds import natural
from kernelmark.wire.changes import Argument, Changes
from kernelmark.wire.contents import refill
from kernelmark.wire.kind import Kept
from kernelmark.wire.values import Decoder, Sent, WireError, alike, copy_back

# Of what one call printed.
MAX_PRINTED_CHARS = 200_000


def written_back(
    sent: Sent, arguments: list[Argument], changed: Any, buffers: list[bytes], noted: Changes | None
) -> list[np.ndarray]:
    """Write new contents into the arrays sent; return what an answer may refer to as one of them."""
    if len(changed) > len(sent.arrays):
        raise WireError("malformed answer: more changed arguments than arguments")
    known = list(sent.arrays)
    for position, index in changed:
        array = sent.arrays[position]
        if noted is not None and not noted.come_back(arguments[position], array):
            # An answer that is this very argument is the changed one.
            array = known[position] = array.copy(order="K")
        copy_back(sent.nodes[position], buffers[index], array)
    return known


def refilled(
    name: str,
    given: tuple[tuple[Any, ...], dict[str, Any]],
    contents: Any,
    decoder: Decoder,
    noted: Changes | None,
) -> None:
    """Let lists, dicts and sets among the arguments hold what the call left in them."""
    for which, node in contents:
        own = given[0][natural(which)] if type(which) is int else given[1][which]
        new = decoder.decode(node)
        argument = (name, str(which + 1) if type(which) is int else which)
        if noted is None or noted.contents_come_back(argument, own):
            refill(own, new)


def print_again(printed: Any) -> None:
    """Print what a call printed, where the test's own words go."""
    for stream, text in printed:
        print(str(text)[:MAX_PRINTED_CHARS], end="", file=sys.stderr if stream == "stderr" else sys.stdout)


def update(value: Any, plain: Any, argument: Argument, noted: Changes | None) -> None:
    """Have one of the course's value types hold what it held elsewhere."""
    if isinstance(value, Kept) and (plain is None or alike(value.to_plain(), plain)):
        return
    if isinstance(value, Kept) and noted is not None and not noted.state_comes_back(argument, value):
        return
    own = getattr(value, "data", None)
    new = plain.get("data") if isinstance(plain, dict) else None
    if noted is not None and isinstance(own, np.ndarray) and isinstance(new, np.ndarray):
        same = new is own or np.array_equal(new, own, equal_nan=own.dtype.kind in "fc")
        if not same and not noted.come_back(argument, own):
            return
    value.update_from_plain(plain)
