"""What may stand on the line, drawn at random: plain JSON, nodes that are nearly right, answers."""

import json
from functools import cache

from hypothesis import strategies as st

from kernelmark import own_types
from kernelmark.wire import kinds
from kernelmark.wire.values import Encoder, refuse
from tests.wire.samples import CLASSES, samples

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=15,
)
# Nearly right nodes find more than random ones do.
PART = st.sampled_from(
    [0, 1, -1, 2**40, 2**70, 0.5, "<f4", "<f8", "|O", "=c32", "<U4", "", None, True, [], [2], [2, 2], [0, 2**62]]
)
NODE = st.one_of(
    st.builds(
        lambda *parts: {"a": list(parts)},
        PART, PART, st.lists(st.integers(-2, 2**33) | PART, max_size=4), st.none() | st.lists(PART, max_size=3), PART,
    ),
    st.builds(
        lambda shape, strides, offset: {"a": [0, "<f4", shape, [strides, offset], True]},
        st.lists(st.integers(0, 5), max_size=3), st.lists(st.integers(-40, 40), max_size=3), st.integers(-4, 40),
    ),
    st.builds(
        lambda tag, content: {tag: content}, st.sampled_from("tdarsbicfvhkn"), JSON | PART | st.lists(PART, max_size=3),
    ),
    st.builds(
        lambda name, plain, left: {"x": [name, plain, *left]},
        st.sampled_from(sorted(kinds.ALL)), JSON | st.lists(PART | JSON, max_size=6),
        st.just([]) | st.lists(JSON, max_size=1),
    ),
    st.builds(lambda name, plain: {"v": [name, plain]}, st.sampled_from(["Tensor", "LoggedArray", "os"]), JSON),
    JSON,
)  # fmt: skip
ERROR = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["ValueError", "StopIteration", "SystemExit", "GeneratorExit", "Exception", "OSError"])
        | JSON,
        "name": JSON, "message": JSON | st.text(st.characters(), max_size=5), "traceback": JSON,
    },
)  # fmt: skip
REPLY = st.fixed_dictionaries(
    {},
    optional={
        "ok": NODE, "error": ERROR | JSON, "values": st.lists(NODE, max_size=2) | JSON,
        "changed": st.lists(st.lists(st.integers(-3, 3), max_size=3), max_size=4) | JSON,
    },
)  # fmt: skip

SPOILS = ["<U3", "|V0", "<M8[ns]", 2**62, -(2**63), "all", "__class__", {"h": 1}]


@cache
def honest(name):
    """Return the messages of a kind's samples: of each its node, and its buffers."""
    told = []
    own_types.know_classes(lambda: CLASSES)
    try:
        for value in samples()[name]:
            encoder = Encoder(refuse)
            node = json.loads(json.dumps(encoder.encode(value)))
            told.append((node, [bytes(raw) for raw in encoder.sent.buffers]))
    finally:
        own_types.know_classes(dict)
    return told


def places(node, at=()):
    """Return where the parts of a node are, as paths into it."""
    inner = enumerate(node) if isinstance(node, list) else node.items() if isinstance(node, dict) else ()
    return [at, *(place for key, part in inner for place in places(part, (*at, key)))]


def put(node, place, part):
    """Return a node with another part at a place."""
    if not place:
        return part
    copy = list(node) if isinstance(node, list) else dict(node)
    copy[place[0]] = put(node[place[0]], place[1:], part)
    return copy


@st.composite
def spoiled(draw, name):
    """Draw a message of a kind that is honest but for a few parts: moved, swapped for others, or with other bytes."""
    node, buffers = draw(st.sampled_from(honest(name)))
    buffers = list(buffers)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(node["x"][1])))
        part = draw(
            PART | JSON | st.sampled_from(["<U3", "|V0", "<M8[ns]", 2**62, -(2**63), "all", "__class__", {"h": 1}])
        )
        node = {"x": [name, put(node["x"][1], place, part)]}
    if buffers and draw(st.booleans()):
        at = draw(st.integers(0, len(buffers) - 1))
        buffers[at] = draw(st.binary(max_size=40) | st.just(b"\xff" * len(buffers[at])))
    return node, buffers
