"""What lateness costs, and who may hand in later: `policies.toml`, one readable file beside nbgrader_config.py.

    [late]
    grace_minutes = 15        # so late is not late
    percent_a_day = 10        # of the points earned, for each day that has begun after the grace
    cap_percent = 50          # never more than this
    free_days = 3             # a student's for the whole course, used in the order of due dates

    [assignments.03_matmul]   # where one assignment differs; free_days: at most so many of them here
    percent_a_day = 20

    [extensions.03_matmul]    # beside nbgrader's own extensions
    anna = "2 days"

    [extra_time]              # for every assignment
    ben = "1 day 12 hours"

    [drop]
    lowest = 1                # in the total of all assignments

It computes and reads this one file; `lateness` asks the grade book.
"""

import math
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kernelmark.errors import CourseError
from kernelmark.stopwatch.stats import number
from kernelmark.text import visible

FILE = "policies.toml"
DAY_S = 86_400.0
_UNITS_S = {"day": DAY_S, "hour": 3600.0, "minute": 60.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?) *(day|hour|minute)s?")


@dataclass(frozen=True)
class Rule:
    """What lateness costs in one assignment; times in minutes and days, the rest in percent of the points earned."""

    grace_minutes: float = 0.0
    percent_a_day: float = 0.0
    cap_percent: float = 100.0
    free_days: int = 0

    def days(self, late_s: float) -> int:
        """Return how many days have begun after the grace."""
        return max(0, math.ceil((late_s - 60 * self.grace_minutes) / DAY_S))

    def loss(self, late_s: float, free_left: int) -> "Loss":
        """Return what so many seconds after the deadline cost somebody who has so many free days left."""
        days = self.days(late_s)
        used = min(days, free_left, self.free_days)
        percent = min(self.cap_percent, (days - used) * self.percent_a_day)
        return Loss(self, max(0.0, late_s), days, used, percent)


@dataclass(frozen=True)
class Loss:
    """What lateness cost one submission: begun days, free days used for them, percent of the points earned."""

    rule: Rule
    late_s: float
    days: int
    free_used: int
    percent: float

    def points(self, score: float) -> float:
        """Return the points that a score loses: never below 0, never more than the cap of it."""
        return max(0.0, score) * self.percent / 100

    def sentence(self, lost: float) -> str:
        """Return it for the student, in one sentence; "" where the work was in time."""
        if self.late_s <= 0:
            return ""
        late = f"{duration(self.late_s)} late"
        if self.days == 0:
            return f"{late}, within the {duration(60 * self.rule.grace_minutes)} of grace: nothing lost"
        free = f"{self.free_used} free {'day' if self.free_used == 1 else 'days'} used" if self.free_used else ""
        if self.percent == 0:
            return f"{late}: {free or 'nothing lost'}{', nothing lost' if free else ''}"
        cap = f", at most {number(self.rule.cap_percent)} %" if self.percent == self.rule.cap_percent else ""
        return "; ".join(
            part
            for part in (f"{late}: {number(self.rule.percent_a_day)} % a day{cap}, −{in_points(lost)}", free)
            if part
        )


@dataclass(frozen=True)
class Policies:
    """All of a policies file; extensions and extra time in seconds."""

    late: Rule | None = None
    assignments: Mapping[str, Rule] = field(default_factory=dict)
    extensions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    extra_time: Mapping[str, float] = field(default_factory=dict)
    drop_lowest: int = 0
    # Where the file names an assignment or a student: {name: line}.
    named_assignments: Mapping[str, int] = field(default_factory=dict)
    named_students: Mapping[str, int] = field(default_factory=dict)

    def rule(self, assignment: str) -> Rule:
        """Return what holds for an assignment; a rule that costs nothing where the file has none."""
        return self.assignments.get(assignment) or self.late or Rule()

    def allowance_s(self, assignment: str, student: str) -> float:
        """Return how much later than the due date somebody may hand in, nbgrader's own extension not counted."""
        return self.extensions.get(assignment, {}).get(student, 0.0) + self.extra_time.get(student, 0.0)

    @property
    def free_days(self) -> int:
        """A student's free days for the whole course."""
        return self.late.free_days if self.late else 0

    def check_names(self, assignments: Collection[str], students: Collection[str], path: Path) -> None:
        """Make sure that whatever the file names is there.

        Raises:
            CourseError: it is not; the message names the line.
        """
        for what, named, known in (
            ("assignment", self.named_assignments, assignments),
            ("student", self.named_students, students),
        ):
            for name, line in named.items():
                if name not in known:
                    where = "source/ nor the grade book" if what == "assignment" else "students.csv nor the grade book"
                    remedy = "" if what == "assignment" else " If it is, add it to students.csv."
                    raise CourseError(
                        f"{path}, line {line}: the {what} {visible(name, lines=False)} is in neither {where}; "
                        f"is it spelled so?{remedy}"
                    )

    def with_extra_time(self, extra_s: Mapping[str, float]) -> "Policies":
        """Return them with the extra time that a roster names; where both name somebody, this file's goes."""
        return replace(self, extra_time={**extra_s, **self.extra_time})


def read(path: Path) -> Policies | None:
    """Return what a policies file says; None where there is none.

    Raises:
        CourseError: it cannot be understood; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise CourseError(f"{path}: expected UTF-8: {error}") from None
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path}: {error}") from None
    return _Reader(path, text).policies(said)


def duration_s(text: object) -> float | None:
    """Return the seconds of "2 days", "36 hours", "1 day 12 hours"; None for anything else."""
    if not isinstance(text, str) or not text.strip() or _DURATION.sub("", text).replace(",", "").strip():
        return None
    return sum(float(count) * _UNITS_S[unit] for count, unit in _DURATION.findall(text))


def duration(seconds: float) -> str:
    """Return a time in the two largest units that it has: "2 h 10 min", "3 d 4 h", "40 s"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    parts = [(minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min")]
    first = next(place for place, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)


def in_points(value: float) -> str:
    """Return points in words: "1 point", "2.5 points"."""
    shown = f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{shown} {'point' if shown == '1' else 'points'}"


class _Reader:
    """Reads the tables of one file, and knows the line of what it objects to."""

    def __init__(self, path: Path, text: str):
        self._path = path
        self._lines = text.split("\n")

    def policies(self, said: dict[str, Any]) -> Policies:
        known = ("late", "assignments", "extensions", "extra_time", "drop")
        self._known(said, known, ())
        late = self._rule(said["late"], Rule(), ("late",)) if "late" in said else None
        rules, extensions = {}, {}
        assignments: dict[str, int] = {}
        students: dict[str, int] = {}
        for name, table in self._table(said, "assignments", ()).items():
            assignments.setdefault(name, self._line("assignments", name))
            rules[name] = self._rule(table, late or Rule(), ("assignments", name))
        if rules and late is None:
            raise self._error("expected a table [late] with what holds for all", ("assignments",))
        for name in self._table(said, "extensions", ()):
            assignments.setdefault(name, self._line("extensions", name))
            extensions[name] = self._times(self._table(said["extensions"], name, ("extensions",)), ("extensions", name))
            for student in extensions[name]:
                students.setdefault(student, self._line("extensions", name, student))
        extra = self._times(self._table(said, "extra_time", ()), ("extra_time",))
        for student in extra:
            students.setdefault(student, self._line("extra_time", student))
        drop = self._table(said, "drop", ())
        self._known(drop, ("lowest",), ("drop",))
        lowest = drop.get("lowest", 0)
        if type(lowest) is not int or lowest < 0:
            raise self._error("expected a whole number from 0", ("drop", "lowest"))
        return Policies(late, rules, extensions, extra, lowest, assignments, students)

    def _rule(self, table: Any, default: Rule, where: tuple[str, ...]) -> Rule:
        if not isinstance(table, dict):
            raise self._error("expected a table", where)
        self._known(table, tuple(vars(default)), where)
        for name, value in table.items():
            most = 100 if name in ("percent_a_day", "cap_percent") else math.inf
            whole = name == "free_days"
            if type(value) not in ((int,) if whole else (int, float)) or not 0 <= value <= most:
                kind = "a whole number" if whole else "a number"
                upto = f" to {most}" if most < math.inf else ""
                raise self._error(f"expected {kind} from 0{upto}, got {value!r}", (*where, name))
        return replace(default, **table)

    def _times(self, table: dict[str, Any], where: tuple[str, ...]) -> dict[str, float]:
        found = {}
        for name, value in table.items():
            seconds = duration_s(value)
            if seconds is None:
                raise self._error(
                    f'expected a time such as "2 days", "36 hours" or "1 day 12 hours", got {value!r}', (*where, name)
                )
            found[name] = seconds
        return found

    def _table(self, said: dict[str, Any], name: str, where: tuple[str, ...]) -> dict[str, Any]:
        table = said.get(name, {})
        if not isinstance(table, dict):
            raise self._error("expected a table", (*where, name))
        return table

    def _known(self, table: dict[str, Any], known: tuple[str, ...], where: tuple[str, ...]) -> None:
        for name in table:
            if name not in known:
                raise self._error(f"unknown; known here: {', '.join(known)}", (*where, name))

    def _error(self, what: str, where: tuple[str, ...]) -> CourseError:
        return CourseError(f"{self._path}, line {self._line(*where)}: {'.'.join(where)}: {what}")

    def _line(self, *where: str) -> int:
        """Return the line where a key stands: the last of its name that is written inside its table."""
        at = 0
        for name in where:
            key = rf"""(?<![\w"'-])["']?{re.escape(name)}["']?(?![\w"'-])"""
            heads = rf"^\s*\[[^\]#]*{key}|^[^#\[]*?{key}[\w\s.\"'-]*="
            at = next((n for n in range(at, len(self._lines)) if re.search(heads, self._lines[n])), at)
        return at + 1
