"""Marks in the formats of learning management systems, and back again through exports as these systems make them."""

import csv
import io

import pytest
from openpyxl import load_workbook

from kernelmark.course import roster
from kernelmark.course.roster import Person
from kernelmark.errors import CourseError
from kernelmark.whole_class import sheets
from kernelmark.whole_class.sheets import Column, Entry

# As a roster has them, and as each system's documentation or its own tests show an export.
ROSTER = """id,last_name,first_name,canvas_id,sis_user_id,sis_login_id,id_number,email,org_defined_id,username,section
anna,Able,Anne,1001,S1,able.a,,student7@example.com,20067930,Anne.Able,01
ben,Bunce,Bobby,1002,S2,bunce.b,,student5@example.com,20067931,Bobby.Bunce,02
cleo,Cole,Cleo,,,,,,,,01
"""
EXPORTS = {
    "canvas": (
        b"Student,ID,SIS User ID,SIS Login ID,Section,Matmul (241017),Essay (5),Current Score\n"
        b",,,,,Manual Posting,,\n"
        b"    Points Possible,,,,,40,10,(read only)\n"
        b'"Able, Anne",1001,S1,able.a,01,34,9,90\n'
        b'"Bunce, Bobby",1002,S2,bunce.b,02,,,\n'
        b'"Student, Test",99,,bbbc6740,01,,,\n'
    ),
    "moodle": (
        b'"First name",Surname,"ID number",Institution,Department,"Email address","Assignment: Matmul (Real)",'
        b'"Feedback: Matmul","Course total (Real)","Last downloaded from this course"\r\n'
        b'Anne,Able,,"Moodle HQ","Rock on!",student7@example.com,34.00,"We welcome feedback",56.00,1752000000\r\n'
        b'Bobby,Bunce,,"Moodle HQ","Rock on!",student5@example.com,-,,75.00,1752000000\r\n'
    ),
    "brightspace": (
        b"OrgDefinedId,Username,Last Name,First Name,Matmul Points Grade <Numeric MaxPoints:40 Weight:10>,"
        b"End-of-Line Indicator\r\n#20067930,#Anne.Able,Able,Anne,34,#\r\n#20067931,#Bobby.Bunce,Bunce,Bobby,,#\r\n"
    ),
    "blackboard": (
        '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"\t'
        '"Total [Total Pts: up to 100 Score] |54785"\t"Matmul [Total Pts: 40 Score] |547859"\n'
        '"Able"\t"Anne"\t"Anne.Able"\t"7"\t"2025-07-01"\t"Yes"\t"34"\t"34"\n'
        '"Bunce"\t"Bobby"\t"Bobby.Bunce"\t"8"\t"2025-07-01"\t"Yes"\t""\t"Needs Grading"\n'
    ).encode("utf-16"),
}
SYSTEMS = sorted(EXPORTS)
FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> list[Person]:
    path = tmp_path_factory.mktemp("roster") / roster.FILE
    path.write_text(ROSTER)
    return roster.read(path)


def entries(people: list[Person], *marks: float | None) -> list[Entry]:
    return [Entry(person, [mark]) for person, mark in zip(people, marks, strict=False)]


def cells(content: bytes) -> list[list[str]]:
    text = content.decode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8")
    return list(csv.reader(io.StringIO(text), delimiter="\t" if "\t" in text else ","))


class TestInto:
    @pytest.mark.parametrize("kind", SYSTEMS)
    def test_fills_the_column_and_leaves_everything_else(self, kind: str, people: list[Person]):
        """Both students get their mark, whatever stood there; no other cell is another, and the encoding stays."""
        filled = sheets.fill(kind, EXPORTS[kind], Column("Matmul", 40), entries(people, 31.25, 40.0, 12.0))
        before, after = cells(EXPORTS[kind]), cells(filled.content)
        at = before[0].index(filled.heading)
        names = {"Anne": "31.25", "Bobby": "40"}
        for row, former in zip(after, before, strict=True):
            who = next((name for name in names if any(name in cell for cell in former[:4])), None)
            assert row[at] == (names[who] if who else former[at])
            assert row[:at] + row[at + 1 :] == former[:at] + former[at + 1 :]
        assert filled.content[:2] == EXPORTS[kind][:2]

    @pytest.mark.parametrize("kind", SYSTEMS)
    def test_filled_twice_is_the_same(self, kind: str, people: list[Person]):
        """The system's own numbers are read back as those that were written: nothing is said to have changed."""
        marks = entries(people, 31.25, 40.0)
        once = sheets.fill(kind, EXPORTS[kind], Column("Matmul", 40), marks)
        again = sheets.fill(kind, once.content, Column("Matmul", 40), marks)
        assert again.content == once.content
        assert not [line for line in again.told if "another mark" in line]

    @pytest.mark.parametrize("kind", SYSTEMS)
    def test_says_who_is_missing_and_what_changed(self, kind: str, people: list[Person]):
        """A former mark that goes, a student of ours whom the export lacks; one without a mark keeps what stands."""
        filled = sheets.fill(kind, EXPORTS[kind], Column("Matmul", 40), entries(people, 12.0, None, 12.0))
        told = "\n".join(filled.told)
        assert "anna (34" in told
        assert "not there: cleo" in told
        assert "ben" not in told
        (ben,) = [row for row in cells(filled.content) if any("Bobby" in cell for cell in row)]
        assert "12" not in ben

    def test_says_that_the_points_differ(self, people: list[Person]):
        """Systems scale nothing by themselves."""
        filled = sheets.fill("canvas", EXPORTS["canvas"], Column("Matmul", 100), entries(people, 80.0))
        assert "is out of 40 there and out of 100 here" in "\n".join(filled.told)

    def test_a_student_of_the_system_alone_is_named(self, people: list[Person]):
        """Canvas's test student, for one."""
        told = sheets.fill("canvas", EXPORTS["canvas"], Column("Matmul", 40), entries(people, 1.0, 1.0)).told
        assert "there and not here, left as they are: 99" in told

    def test_a_column_that_is_not_there_is_named_with_those_that_are(self, people: list[Person]):
        """And one of two is not guessed; the whole heading says which."""
        with pytest.raises(CourseError, match=r"no column for 'Matmull'.*Matmul \(241017\), Essay \(5\)"):
            sheets.fill("canvas", EXPORTS["canvas"], Column("Matmull", 40), [])
        two = EXPORTS["canvas"].replace(b"Essay (5)", b"Matmul (5)")
        with pytest.raises(CourseError, match="2 columns"):
            sheets.fill("canvas", two, Column("Matmul", 40), [])
        assert sheets.fill("canvas", two, Column("Matmul (5)", 40), entries(people, 1.0)).heading == "Matmul (5)"

    @pytest.mark.parametrize("kind", SYSTEMS)
    def test_another_table_is_refused(self, kind: str):
        """With what was expected and what came."""
        with pytest.raises(CourseError, match=f"expected an export of {kind}.*colour"):
            sheets.fill(kind, b"colour,size\nred,1\n", Column("Matmul", 40), [])

    def test_nobody_gets_the_mark_of_another_by_a_number(self, people: list[Person]):
        """An id of ours that happens to be somebody's number in Canvas is not taken for it."""
        stranger = Entry(Person("1001"), [3.0])
        filled = sheets.fill("canvas", EXPORTS["canvas"], Column("Matmul", 40), [stranger])
        assert cells(filled.content) == cells(EXPORTS["canvas"])
        assert "not there: 1001" in "\n".join(filled.told)


class TestFromScratch:
    @pytest.mark.parametrize("kind", SYSTEMS)
    def test_is_read_as_an_export_of_the_system(self, kind: str, people: list[Person]):
        """Its columns are where a reader of such a file looks, and the marks come back."""
        table = sheets.as_bytes(kind, sheets.rows(kind, [Column("Matmul", 40)], entries(people, 31.25, 40.0, None)))
        again = sheets.fill(kind, table, Column("Matmul", 40), entries(people, 31.25, 40.0, None))
        assert again.told == []
        assert cells(again.content) == cells(table)

    def test_has_what_each_system_asks_for(self, people: list[Person]):
        """Points possible for Canvas, the end of the line for Brightspace, the total for Blackboard."""
        made = {k: cells(sheets.as_bytes(k, sheets.rows(k, [Column("M", 40)], entries(people, 1.5)))) for k in SYSTEMS}
        assert made["canvas"][:2] == [
            ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "M"],
            ["    Points Possible", "", "", "", "", "40"],
        ]
        assert made["canvas"][2] == ["Able, Anne", "1001", "S1", "able.a", "01", "1.5"]
        assert made["brightspace"][0][-2:] == ["M Points Grade", "End-of-Line Indicator"]
        assert made["brightspace"][1] == ["#20067930", "#Anne.Able", "1.5", "#"]
        assert made["blackboard"][0][-1] == "M [Total Pts: 40 Score]"


class TestForPeople:
    @pytest.mark.parametrize("name", FORMULAS)
    def test_no_name_is_a_formula(self, name: str):
        """In a CSV file it begins with an apostrophe; in a workbook it is text."""
        table = sheets.rows("csv", [Column("m", 4)], [Entry(Person("anna", name=name), [1.5])])
        (row,) = cells(sheets.as_bytes("csv", table))[1:]
        assert row[1] == f"'{name}"
        cell = load_workbook(io.BytesIO(sheets.as_bytes("xlsx", table))).active["B2"]
        assert (cell.data_type, cell.value) == ("s", name)

    def test_a_mark_is_a_number_in_a_workbook(self):
        """So that sums work; a mark that is not there is an empty cell."""
        table = sheets.rows("xlsx", [Column("a", 4), Column("b", 4)], [Entry(Person("anna"), [1.5, None])])
        sheet = load_workbook(io.BytesIO(sheets.as_bytes("xlsx", table))).active
        assert (sheet["E2"].value, sheet["F2"].value) == (1.5, None)

    @pytest.mark.parametrize("kind", SYSTEMS)
    def test_no_name_begins_a_formula_in_a_systems_file(self, kind: str):
        """Somebody opens it on the way; ids stay, since the system looks for them."""
        person = Person("-anna", last_name="=1+1", first_name="@x")
        made = cells(sheets.as_bytes(kind, sheets.rows(kind, [Column("m", 4)], [Entry(person, [1.5])])))
        assert not any(cell.startswith(("=", "@")) for cell in made[-1])
        assert any(cell.removeprefix("#") == "-anna" for cell in made[-1])
