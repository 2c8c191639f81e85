"""What may stand on the line, drawn at random: plain JSON, nodes that are nearly right, answers."""

from hypothesis import strategies as st

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
