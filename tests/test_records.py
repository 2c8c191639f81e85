"""What grading leaves behind, as JSON and back."""

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelmark.records import CellResult, Machine, Pair, Step, SubmissionResult, Verdict, from_json, to_json

# The same examples every time, and no example fails for being slow.
without_a_clock = settings(deadline=None, derandomize=True)

TEXT = st.text(max_size=20)
TIME = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
FLOAT = st.floats(allow_nan=False, allow_infinity=False)
PAIR = st.builds(Pair, TIME, TIME, TIME, TIME)
OUTCOME = st.sampled_from(["pass", "fail", "inconclusive"])
STEP = st.builds(Step, FLOAT, FLOAT, OUTCOME)
COUNT = st.integers(1, 10**6)
VERDICT = st.builds(
    Verdict, TEXT, TEXT, OUTCOME, *[FLOAT] * 6, st.booleans(), st.lists(STEP, max_size=3).map(tuple),
    st.lists(PAIR, max_size=3).map(tuple), COUNT, COUNT, TEXT, TEXT,
)  # fmt: skip
MARK = st.sampled_from(["pass", "partial", "fail", "person"])
CELL = st.builds(
    CellResult, TEXT, MARK, st.none() | FLOAT, FLOAT, TEXT, TEXT, TEXT, FLOAT, st.lists(VERDICT, max_size=2).map(tuple)
)
MACHINE = st.builds(Machine, TEXT, COUNT, TEXT, TEXT, COUNT)
SUBMISSION = st.builds(
    SubmissionResult, *[TEXT] * 5, st.lists(CELL, max_size=2).map(tuple), MACHINE, FLOAT, FLOAT,
    st.lists(TEXT, max_size=2).map(tuple),
)  # fmt: skip

STEP_FIELDS = {"threshold": 1.5, "points": 4.0, "outcome": "pass"}


class TestRoundTrip:
    @pytest.mark.parametrize(
        ("kind", "values"),
        [
            (Pair, PAIR),
            (Step, STEP),
            (Verdict, VERDICT),
            (CellResult, CELL),
            (Machine, MACHINE),
            (SubmissionResult, SUBMISSION),
        ],
        ids=["Pair", "Step", "Verdict", "CellResult", "Machine", "SubmissionResult"],
    )
    @without_a_clock
    @given(data=st.data())
    def test_is_exact(self, kind, values, data):
        """Every float to the last bit, every character, every nested record, of the same types."""
        record = data.draw(values)
        back = from_json(kind, to_json(record))
        assert back == record
        assert repr(back) == repr(record)

    def test_bytes_are_read_like_text(self):
        """What was read from a file needs no decoding first."""
        step = Step(1.5, 4.0, "pass")
        assert from_json(Step, to_json(step).encode()) == step

    def test_a_whole_number_is_read_as_a_float_where_one_belongs(self):
        """JSON of another writer may say 4 for 4.0."""
        assert repr(from_json(Step, json.dumps({**STEP_FIELDS, "points": 4}))) == repr(Step(1.5, 4.0, "pass"))

    def test_a_record_without_optional_fields_is_read(self):
        """Records of before a field was added keep their meaning."""
        cell = CellResult("a", "pass", 1.0, 1.0, "", "", "", 0.0)
        fields = json.loads(to_json(cell))
        del fields["verdicts"]
        assert from_json(CellResult, json.dumps(fields)) == cell


class TestRefusal:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "nonsense",
            "[]",
            "null",
            "3",
            '"text"',
            "{}",
            json.dumps({**STEP_FIELDS, "extra": 1}),
            '{"threshold": 1.5}',
        ],
    )
    def test_what_is_no_such_record_raises_value_error(self, text):
        """No JSON, no object, a field too many or too few."""
        with pytest.raises(ValueError):  # noqa: PT011 - which of the many messages does not matter
            from_json(Step, text)

    @pytest.mark.parametrize("bad", ["fast", [], {}, None])
    def test_a_number_that_is_none_raises_value_error(self, bad):
        """A threshold must be a number."""
        with pytest.raises(ValueError):  # noqa: PT011 - which of the many messages does not matter
            from_json(Step, json.dumps({**STEP_FIELDS, "threshold": bad}))

    @pytest.mark.parametrize("bad", [3, {"threshold": 1}, [3], [{}], [{"unknown": 1}]])
    def test_nested_records_are_checked_too(self, bad):
        """Steps that are no list of steps are refused with the verdict they are in."""
        verdict = Verdict("a", "b", "pass", 1.0, 1.0, 2.0, 2.0, 1.9, 2.1, True, (), (), 1, 1, "", "")
        fields = json.loads(to_json(verdict))
        with pytest.raises(ValueError):  # noqa: PT011 - which of the many messages does not matter
            from_json(Verdict, json.dumps({**fields, "steps": bad}))


class TestRecords:
    def test_cannot_be_changed(self):
        """A mark that was given is not rewritten in memory."""
        step = Step(1.5, 4.0, "pass")
        with pytest.raises(dataclasses.FrozenInstanceError):
            step.points = 5.0

    def test_a_cell_is_found_by_its_grade_id(self):
        """And a missing one is None."""
        cells = tuple(CellResult(name, "pass", 1.0, 1.0, "", "", "", 0.0) for name in ("a", "b"))
        result = SubmissionResult("ps", "nb", "who", "", "", cells, Machine("", 1, "", "", 1), 0.0, 0.0)
        assert result.cell("b") is cells[1]
        assert result.cell("c") is None
