"""What lateness costs: the arithmetic, the sentence a student reads, and what a slip in the file is answered with."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernelmark.course import policies
from kernelmark.course.lateness import Lateness
from kernelmark.course.policies import DAY_S, Policies, Rule
from kernelmark.errors import CourseError

SECONDS = some.floats(0, 100 * DAY_S)
RULES = some.builds(
    Rule, some.floats(0, 3000), some.floats(0, 100), some.floats(0, 100), some.integers(min_value=0, max_value=9)
)
FREE = some.integers(0, 9)
FILE = """
[late]
grace_minutes = 15
percent_a_day = 10
cap_percent = 50
free_days = 2

[assignments.short]
percent_a_day = 20   # twice as much
free_days = 1

[extensions.short]
anna = "2 days"

[extra_time]
ben = "1 day 12 hours"

[drop]
lowest = 1
"""


def read(folder: Path, text: str) -> Policies:
    path = folder / policies.FILE
    path.write_text(text)
    found = policies.read(path)
    assert found is not None
    return found


class TestRule:
    @given(RULES, SECONDS, SECONDS, FREE, some.floats(0, 1000))
    def test_later_never_costs_less(self, rule: Rule, one: float, other: float, free: int, score: float):
        """Of two moments the later loses at least as many points."""
        sooner, later = sorted((one, other))
        assert rule.loss(sooner, free).points(score) <= rule.loss(later, free).points(score)

    @given(RULES, SECONDS, FREE, some.floats(-10, 1000))
    def test_takes_between_nothing_and_the_cap(self, rule: Rule, late_s: float, free: int, score: float):
        """No mark goes below 0, none grows, and no more than the cap is taken."""
        lost = rule.loss(late_s, free).points(score)
        assert 0 <= lost <= max(0.0, score) * rule.cap_percent / 100 * (1 + 1e-12)

    @given(RULES, SECONDS, FREE, FREE)
    def test_free_days_help_and_are_used_only_where_needed(self, rule: Rule, late_s: float, few: int, more: int):
        """One more free day never costs; no more are used than there are, than are allowed here, or than days began."""
        few, more = sorted((few, more))
        assert rule.loss(late_s, more).percent <= rule.loss(late_s, few).percent
        assert rule.loss(late_s, more).free_used <= min(more, rule.free_days, rule.days(late_s))

    @given(RULES, FREE)
    def test_in_time_and_within_the_grace_cost_nothing(self, rule: Rule, free: int):
        """Up to the last second of it."""
        for late_s in (0.0, rule.grace_minutes * 60):
            assert rule.loss(late_s, free).percent == 0
            assert rule.loss(late_s, free).free_used == 0

    @pytest.mark.parametrize(
        ("late_s", "free", "said"),
        [
            (0, 0, ""),
            (240, 0, "4 min late, within the 15 min of grace: nothing lost"),
            (7800, 0, "2 h 10 min late: 10 % a day, −5 points"),
            (7800, 3, "2 h 10 min late: 1 free day used, nothing lost"),
            (2 * DAY_S, 1, "2 d late: 10 % a day, −5 points; 1 free day used"),
            (9 * DAY_S, 0, "9 d late: 10 % a day, at most 50 %, −25 points"),
        ],
    )
    def test_is_told_in_one_sentence(self, late_s: float, free: int, said: str):
        """Of work that earned 50 points."""
        loss = Rule(15, 10, 50, 3).loss(late_s, free)
        assert loss.sentence(loss.points(50)) == said


class TestFile:
    def test_says_who_may_be_late_and_what_it_costs(self, tmp_path: Path):
        """One assignment differs where it says so; extensions and extra time add up."""
        found = read(tmp_path, FILE)
        assert found.rule("other") == Rule(15, 10, 50, 2)
        assert found.rule("short") == Rule(15, 20, 50, 1)
        assert found.allowance_s("short", "anna") == 2 * DAY_S
        assert found.allowance_s("other", "ben") == 1.5 * DAY_S
        assert found.drop_lowest == 1

    @pytest.mark.parametrize(
        ("former", "slip", "line", "said"),
        [
            ("grace_minutes", "grace", 3, "late.grace: unknown"),
            ("percent_a_day = 20", "percent_a_day = 200", 9, "a number from 0 to 100, got 200"),
            ("free_days = 1", "free_days = 1.5", 10, "a whole number"),
            ('"2 days"', '"2 moons"', 13, "got '2 moons'"),
            ('"1 day 12 hours"', "36", 16, 'such as "2 days"'),
            ("[drop]", "[dropped]", 18, "dropped: unknown"),
            ("lowest = 1", "lowest = -1", 19, "a whole number from 0"),
            ("free_days = 2", "free_days 2", 6, "line 6"),
        ],
    )
    def test_a_slip_is_named_by_its_line(self, tmp_path: Path, former: str, slip: str, line: int, said: str):
        """Nothing is taken for the default that was meant to be something else."""
        with pytest.raises(CourseError) as raised:
            read(tmp_path, FILE.replace(former, slip, 1))
        assert f"line {line}" in str(raised.value)
        assert said in str(raised.value)

    @pytest.mark.parametrize(("kind", "line"), [("anna", 13), ("ben", 16), ("short", 8)])
    def test_a_name_that_nobody_has_is_named_by_its_line(self, tmp_path: Path, kind: str, line: int):
        """A misspelt student would otherwise have no extension, and nobody would know."""
        found = read(tmp_path, FILE)
        assignments, students = {"short"} - {kind}, {"anna", "ben"} - {kind}
        with pytest.raises(CourseError, match=rf"line {line}: the \w+ {kind}"):
            found.check_names(assignments, students, tmp_path / policies.FILE)
        found.check_names({"short"}, {"anna", "ben"}, tmp_path / policies.FILE)

    def test_no_file_is_no_policy(self, tmp_path: Path):
        """The course goes on as before."""
        assert policies.read(tmp_path / policies.FILE) is None


class TestFreeDays:
    def test_are_used_in_the_order_of_due_dates(self):
        """What the first assignment took is gone for the second; an extension takes none."""
        rule = Rule(0, 10, 100, 3)
        late_s = {"anna": {"one": 2 * DAY_S, "two": 2 * DAY_S, "three": DAY_S}}
        found = Lateness(Policies(rule, extensions={"three": {"anna": DAY_S}}), late_s, ("one", "two", "three"))
        losses = [found.loss(name, "anna") for name in ("one", "two", "three")]
        assert [(loss.free_used, loss.percent) for loss in losses] == [(2, 0), (1, 10), (0, 0)]

    @given(some.lists(some.floats(0, 9 * DAY_S), min_size=1, max_size=6), some.integers(0, 9))
    def test_are_never_more_than_there_are(self, late: list[float], free: int):
        """Over all assignments together."""
        names = tuple(map(str, range(len(late))))
        found = Lateness(Policies(Rule(5, 10, 100, free)), {"anna": dict(zip(names, late, strict=True))}, names)
        assert sum(found.loss(name, "anna").free_used for name in names) <= free
