"""Tables of marks in the formats that learning management systems take, and their own exports filled in.

Each format as its documentation has it, read in November 2026:

* Canvas, "How do I import grades in the Gradebook?" in the instructors' guide (community.canvaslms.com), and the Ohio
  State guide "Import a CSV File to Grades" with its columns A to F: Student, ID, SIS User ID, SIS Login ID, Section,
  then a column for each assignment, headed "Name (id)"; a row "Points Possible" before the students. A column without
  an id makes a new assignment.
* Moodle, docs.moodle.org/en/Grade_import: a CSV file as its own export has it, whose columns are mapped as it is read:
  "ID number" or "Email address" (its case counts) to the user, the grade to its item. Its offline grading sheet,
  docs.moodle.org/en/Assignment_settings, has Identifier, Full name, Grade.
* Brightspace, community.d2l.com/brightspace/kb/articles/3538-importing-grades: OrgDefinedId, Username or both,
  "<item> Points Grade", and a last column "End-of-Line Indicator" with # in each row. Its export puts # before ids.
* Blackboard, "Uploading or Downloading Grade Center Items for Working Offline" (library.blackboard.com): tab-delimited
  or CSV with Username and "Title [Total Pts: 100 Score] |id"; a column without an id is a new one. It hands out
  UTF-16.

It decides no mark. In a table that people open, no field is a formula; in a table for a system ids stand as they are,
since the system looks for them, and names do not begin a formula.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernelmark.course.roster import IDS, Person
from kernelmark.errors import CourseError, GraderMissing
from kernelmark.text import field as plain
from kernelmark.text import visible

FORMATS = ("canvas", "moodle", "brightspace", "blackboard", "csv", "xlsx")
Cell = str | float | None
Rows = list[list[Cell]]


@dataclass(frozen=True)
class Entry:
    """One student with the marks of each column; None where there is none to hand on."""

    person: Person
    marks: Sequence[float | None]
    # For people only: {heading: words or number}.
    beside: Mapping[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """One column of marks: its title, and the points there are."""

    title: str
    most: float


def rows(kind: str, columns: Sequence[Column], entries: Sequence[Entry]) -> Rows:
    """Return the table of a format, its heading first."""
    titles = [column.title for column in columns]
    if kind == "canvas":
        head: list[Cell] = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *titles]
        possible: list[Cell] = ["    Points Possible", "", "", "", "", *(column.most for column in columns)]
        return [head, possible, *([*_canvas(entry.person), *entry.marks] for entry in entries)]
    if kind == "moodle":
        words = ("first_name", "last_name")
        return [
            ["First name", "Last name", "ID number", "Email address", *titles],
            *(
                [
                    *(plain(getattr(each.person, word)) for word in words),
                    each.person.known_by("id_number"),
                    each.person.ids.get("email", ""),
                    *each.marks,
                ]
                for each in entries
            ),
        ]
    if kind == "brightspace":
        return [
            ["OrgDefinedId", "Username", *(f"{title} Points Grade" for title in titles), "End-of-Line Indicator"],
            *(
                [f"#{each.person.known_by('org_defined_id')}", f"#{each.person.known_by('username')}", *each.marks, "#"]
                for each in entries
            ),
        ]
    if kind == "blackboard":
        totals = [f"{column.title} [Total Pts: {points(column.most)} Score]" for column in columns]
        return [
            ["Last Name", "First Name", "Username", *totals],
            *(
                [
                    plain(each.person.last_name),
                    plain(each.person.first_name),
                    each.person.known_by("username"),
                    *each.marks,
                ]
                for each in entries
            ),
        ]
    beside = list(dict.fromkeys(name for each in entries for name in each.beside))
    return [
        ["id", "name", "section", "group", *titles, *beside],
        *(
            [
                each.person.id,
                each.person.sorted_name,
                each.person.section,
                each.person.group,
                *each.marks,
                *(each.beside.get(name, "") for name in beside),
            ]
            for each in entries
        ),
    ]


def _canvas(person: Person) -> list[Cell]:
    ids = (person.ids.get(name, "") for name in ("canvas_id", "sis_user_id"))
    return [plain(person.sorted_name), *ids, person.known_by("sis_login_id"), plain(person.section)]


def points(value: float) -> str:
    """Return points with four digits after the dot at most, which no system rounds away."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def as_bytes(kind: str, table: Rows) -> bytes:
    """Return a table as the bytes of a file.

    Raises:
        GraderMissing: xlsx, and openpyxl is not installed.
    """
    if kind == "xlsx":
        return _workbook(table)
    out = io.StringIO(newline="")
    if kind == "csv":
        people = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        people.writerows([points(cell) if isinstance(cell, float) else plain(cell) for cell in row] for row in table)
    else:
        writer = csv.writer(out, delimiter="\t" if kind == "blackboard" else ",", lineterminator="\r\n")
        writer.writerows([points(c) if isinstance(c, float) else _one_line(c) for c in row] for row in table)
    return out.getvalue().encode("utf-16" if kind == "blackboard" else "utf-8")


def _one_line(cell: Cell) -> str:
    return visible(str("" if cell is None else cell), lines=False)


def _workbook(table: Rows) -> bytes:
    try:
        from openpyxl import Workbook
    except ModuleNotFoundError:
        raise GraderMissing(
            "xlsx needs openpyxl: pip install 'kernelmark[xlsx]'; or ask for csv, which any spreadsheet opens"
        ) from None
    book = Workbook(write_only=False)
    sheet = book.active
    for row, cells in enumerate(table, 1):
        for column, value in enumerate(cells, 1):
            if value is None or value == "":
                continue
            cell = sheet.cell(row, column)
            if isinstance(value, float | int):
                cell.value = float(points(value))
            else:
                # Text, whatever it begins with, and still text when somebody edits it.
                cell.value = _one_line(value)
                cell.data_type = "s"
                cell.quotePrefix = True
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@dataclass
class Filled:
    """A system's export with our marks in one of its columns, and what is to be said of it, a line each."""

    content: bytes
    heading: str
    told: list[str] = field(default_factory=list)


# What each system calls a student in its export: {its heading: our id}, the surest first.
_KEYS = {
    "canvas": {"ID": "canvas_id", "SIS User ID": "sis_user_id", "SIS Login ID": "sis_login_id"},
    "moodle": {"ID number": "id_number", "Username": "username", "Email address": "email"},
    "brightspace": {"OrgDefinedId": "org_defined_id", "Username": "username", "Email": "email"},
    "blackboard": {"Username": "username", "Student ID": "id"},
}
# What a system writes round an item's name, in the heading of its column.
_ROUND = {
    "canvas": r"(?P<title>.*?)(?: \(\d+\))?",
    "moodle": r"(?!Feedback:)(?:\w+: ?)?(?P<title>.*?)(?: ?\(Real\))?",
    "brightspace": r"(?P<title>.*?) Points Grade(?: ?<.*>)?",
    "blackboard": r"(?P<title>.*?)(?: \[Total Pts: (?:up to )?(?P<most>[\d.,]+)(?: \w+)?\])?(?: ?\|\d+)?",
}


def fill(kind: str, export: bytes, column: Column, entries: Sequence[Entry]) -> Filled:
    """Put marks into the column of a system's own export; everything else in it stays, byte for byte in its meaning.

    A student without a mark keeps what stands there. Whom the export lacks, and whom we lack, is told.

    Args:
        column: its title is the item's name, or the whole heading of its column.

    Raises:
        CourseError: it is no export of this system, or has no such column, or two.
    """
    text, encoding = _decoded(export)
    head_line = text.partition("\n")[0]
    delimiter = max("\t,;", key=head_line.count)
    table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    head = [name.strip().removeprefix("\ufeff") for name in table[0]] if table else []
    keys = [(head.index(name), ours) for name, ours in _KEYS[kind].items() if name in head]
    if not keys:
        raise CourseError(
            f"expected an export of {kind} with a column {' or '.join(_KEYS[kind])}, got {_named(head) or 'nothing'}"
        )
    at = _column(kind, head, column.title)
    filled = Filled(b"", head[at])
    told = _possible(kind, head[at], table, at)
    if told is not None and abs(told - column.most) > 1e-6:
        filled.told.append(
            f"{head[at]} is out of {points(told)} there and out of {points(column.most)} here; the marks are not scaled"
        )
    _put(table, keys, at, entries, filled)
    out = io.StringIO(newline="")
    ending = "\r\n" if "\r\n" in text else "\n"
    if head_line.startswith('"'):
        csv.writer(out, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL).writerows(table)
    else:
        csv.writer(out, delimiter=delimiter, lineterminator=ending).writerows(table)
    filled.content = out.getvalue().encode(encoding)
    return filled


def _put(
    table: list[list[str]], keys: list[tuple[int, str]], at: int, entries: Sequence[Entry], filled: Filled
) -> None:
    known: dict[tuple[str, str], Entry] = {}
    for _, ours in keys:
        # What the roster says goes first; Canvas's numbers are given by Canvas, so no id of ours is one.
        for each in entries:
            if said := each.person.ids.get(ours):
                known.setdefault((ours, _id(said)), each)
        for each in entries if ours != "canvas_id" else ():
            known.setdefault((ours, _id(each.person.id if ours == "id" else each.person.known_by(ours))), each)
    met: set[str] = set()
    strangers, changed = [], []
    for row in table[1:]:
        if len(row) <= max(at, *(place for place, _ in keys)) or _heads(row, keys):
            continue
        entry = next((known[ours, _id(row[place])] for place, ours in keys if (ours, _id(row[place])) in known), None)
        if entry is None:
            strangers.append(next(row[place] for place, _ in keys if row[place].strip()))
            continue
        met.add(entry.person.id)
        mark = entry.marks[0]
        if mark is None:
            continue
        former, row[at] = row[at].strip(), points(mark)
        if former not in ("", "-", row[at]) and not _same(former, mark):
            changed.append(f"{entry.person.id} ({former}, now {row[at]})")
    if changed:
        filled.told.append(f"had another mark there: {_named(changed, 40)}")
    if strangers:
        filled.told.append(f"there and not here, left as they are: {_named(strangers, 40)}")
    missing = [each.person.id for each in entries if each.person.id not in met and each.marks[0] is not None]
    if missing:
        filled.told.append(f"here with a mark and not there: {_named(missing, 40)}")


def _heads(row: Sequence[str], keys: Sequence[tuple[int, str]]) -> bool:
    """Say whether a row is no student's: Canvas's posting policy, points possible and totals have no id."""
    return not any(row[place].strip() for place, _ in keys)


def _same(text: str, mark: float) -> bool:
    try:
        return abs(float(text.replace(",", ".")) - mark) < 5e-3
    except ValueError:
        return False


def _id(text: str) -> str:
    return text.strip().removeprefix("#").casefold()


def _decoded(raw: bytes) -> tuple[str, str]:
    for encoding, mark in (("utf-8-sig", b"\xef\xbb\xbf"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff")):
        if raw.startswith(mark):
            return raw.decode(encoding), encoding
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        raise CourseError("expected a text file in UTF-8 or UTF-16, as the system exports it; got another") from None


def _column(kind: str, head: Sequence[str], title: str) -> int:
    taken = {*_KEYS[kind], *(name.replace("_", " ") for name in IDS)}
    places = [place for place, name in enumerate(head) if name == title]
    for place, name in enumerate(head if not places else ()):
        match = re.fullmatch(_ROUND[kind], name)
        if name not in taken and match and match["title"].strip().casefold() == title.strip().casefold():
            places.append(place)
    if not places and kind == "moodle" and "Identifier" in head and "Grade" in head:
        places = [head.index("Grade")]  # the sheet of one assignment
    if len(places) != 1:
        what = "no column" if not places else f"{len(places)} columns"
        raise CourseError(
            f"the export has {what} for {visible(title, lines=False)!r}; say which by --column, with one of these "
            f"headings: {_named([name for name in head if name not in taken])}"
        )
    return places[0]


def _possible(kind: str, heading: str, table: Sequence[Sequence[str]], at: int) -> float | None:
    """Return the points that the system has for a column, None where its export does not say."""
    said: Any = None
    if kind == "canvas":
        said = next((row[at] for row in table[1:4] if row and row[0].strip() == "Points Possible"), None)
    elif kind == "brightspace" and (match := re.search(r"MaxPoints:([\d.]+)", heading)):
        said = match[1]
    elif kind == "blackboard" and (match := re.fullmatch(_ROUND[kind], heading)):
        said = match["most"]
    try:
        return float(said.replace(",", "."))
    except (AttributeError, ValueError):
        return None


def _named(names: Sequence[str], most: int = 12) -> str:
    shown = [visible(name, lines=False) for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")
