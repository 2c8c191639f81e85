"""Who is in the course: `students.csv`, a table that a registrar's list or an LMS's export is easily made into.

The column `id` is the name that work is handed in under. Every other column may be left out: names, the ids that
learning management systems know a student by, section, group, extra time. It reads one file and changes nothing.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kernelmark.errors import CourseError
from kernelmark.text import visible

FILE = "students.csv"
# What a system may know a student by, beside the id that work is handed in under.
IDS = {
    "canvas_id": "Canvas's own number, its column ID",
    "sis_user_id": "Canvas's SIS User ID",
    "sis_login_id": "Canvas's SIS Login ID",
    "id_number": "Moodle's ID number",
    "org_defined_id": "Brightspace's OrgDefinedId",
    "username": "the user name in Moodle, Brightspace or Blackboard",
    "email": "the e-mail address",
}
COLUMNS = ("id", "name", "last_name", "first_name", *IDS, "section", "group", "extra_time")


@dataclass(frozen=True)
class Person:
    """One student of the roster; what the file does not say is ""."""

    id: str
    name: str = ""
    last_name: str = ""
    first_name: str = ""
    section: str = ""
    group: str = ""
    extra_time: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    # Of the file, from 1; 0 for somebody who is not in it.
    line: int = 0

    def known_by(self, name: str) -> str:
        """Return the id of this name (of `IDS`), or the one that work is handed in under."""
        return self.ids.get(name) or self.id

    @property
    def sorted_name(self) -> str:
        """The name as lists of names have it, "Last, First" where both are known; the id where there is none."""
        both = ", ".join(part for part in (self.last_name, self.first_name) if part)
        return both or self.name or self.id


def read(path: Path) -> list[Person]:
    """Return the students of a roster file, in its order.

    Raises:
        CourseError: the file is not there, or a line of it cannot be understood; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CourseError(
            f"expected a roster at {path}: a CSV file with a column id, and any of {', '.join(COLUMNS[1:])}"
        ) from None
    except UnicodeDecodeError as error:
        raise CourseError(f"{path}: expected UTF-8; save it as CSV UTF-8 ({error})") from None
    delimiter = ";" if ";" in text.partition("\n")[0] and "," not in text.partition("\n")[0] else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    people: dict[str, Person] = {}
    try:
        names = [name.strip().lower().replace(" ", "_") for name in next(rows, [])]
        _check_columns(path, names)
        for row in rows:
            if any(cell.strip() for cell in row):
                person = _person(path, rows.line_num, names, row)
                if person.id in people:
                    raise CourseError(
                        f"{path}, line {person.line}: {visible(person.id, lines=False)} stands in line "
                        f"{people[person.id].line} already; leave one of the two"
                    )
                people[person.id] = person
    except csv.Error as error:
        raise CourseError(f"{path}, line {rows.line_num}: {error}") from None
    return list(people.values())


def _check_columns(path: Path, names: list[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    twice = {name for name in names if names.count(name) > 1}
    if "id" not in names or unknown or twice:
        what = "no column id" if "id" not in names else f"unknown: {', '.join(unknown)}"
        what = f"twice: {', '.join(sorted(twice))}" if twice and "id" in names and not unknown else what
        raise CourseError(f"{path}, line 1: {visible(what, lines=False)}; the columns are {', '.join(COLUMNS)}")


def _person(path: Path, line: int, names: list[str], row: list[str]) -> Person:
    if len(row) != len(names):
        raise CourseError(f"{path}, line {line}: expected {len(names)} fields as in line 1, got {len(row)}")
    said = {name: cell.strip() for name, cell in zip(names, row, strict=True)}
    if not said["id"]:
        raise CourseError(f"{path}, line {line}: the field id is empty")
    ids = {name: said.pop(name) for name in IDS if said.get(name)}
    plain = {name: value for name, value in said.items() if name not in IDS}
    return Person(**plain, ids=ids, line=line)
