"""A grade book in PostgreSQL is graded into like one in SQLite, and outlives its server's end."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres, small_course
from tests.postgres import Server
from tests.small_course import solved
from tests.whole_class.test_cluster import SLOW, begin, command, hand_in, hand_in_class, read_until

MARKS = (
    "SELECT s.student_id, b.name, g.auto_score, g.manual_score, g.needs_manual_grade, s.timestamp, c.auto_comment "
    "FROM grade g JOIN submitted_notebook n ON g.notebook_id = n.id "
    "JOIN submitted_assignment s ON n.assignment_id = s.id JOIN base_cell b ON g.cell_id = b.id "
    "LEFT JOIN comment c ON c.notebook_id = n.id AND c.cell_id = g.cell_id ORDER BY 1, 2"
)

pytestmark = pytest.mark.skipif(postgres.programs() is None, reason="no PostgreSQL server; apt-get install postgresql")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres.server() as running:
        yield running


def write_course(root: Path, server: Server, name: str) -> None:
    """Write a course whose grade book is a new database, and generate its assignment."""
    small_course.write_course(root)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {server.database(name)!r}\nc.Kernelmark.grade_book_wait_s = 20\n")
    command(root, "nbgrader", "generate_assignment", "short")


def test_marks_are_those_of_one_by_one(server: Server, tmp_path: Path):
    """Also those that nbgrader's own commands write and read; a rerun grades nothing."""
    marks = {}
    for way in ("class", "one"):
        root = tmp_path / way
        root.mkdir()
        write_course(root, server, way)
        hand_in_class(root)
        words = ("kernelmark", "autograde", "short", "--jobs", "3") if way == "class" else ("nbgrader", "autograde")
        command(root, *words, *(("short",) if way == "one" else ()))
        marks[way] = server.query(way, MARKS)
    assert marks["class"] == marks["one"]
    assert "good|add_arrays|3" in marks["class"]
    assert "0 graded" in command(tmp_path / "class", "kernelmark", "autograde", "short")
    command(tmp_path / "class", "nbgrader", "export")
    assert (tmp_path / "class" / "grades.csv").read_text().count('"8.0","12.0"') == 4


@pytest.mark.slow
def test_a_server_that_is_away_for_a_while_is_waited_for(server: Server, tmp_path: Path):
    """It goes away in the middle of a class and comes back: every mark is there, and nobody has to do anything."""
    write_course(tmp_path, server, "away")
    for number in range(6):
        hand_in(tmp_path, f"student{number}", solved(limit=SLOW))
    process = begin(tmp_path, "kernelmark", "autograde", "short", "--jobs", "1")
    read_until(process, "2/6")
    server.stop()
    back = threading.Timer(2.0, server.start)
    back.start()
    out, err = process.communicate(timeout=120)
    back.join()
    assert process.returncode == 0, out + err
    assert server.query("away", MARKS).count("|limit_value|1|") == 6


@pytest.mark.slow
def test_a_server_that_stays_away_stops_the_run_in_one_line(server: Server, tmp_path: Path):
    """What was graded stays, nothing is half written, and the same command goes on when the server is back."""
    write_course(tmp_path, server, "gone")
    with (tmp_path / "nbgrader_config.py").open("a") as config:
        config.write("c.Kernelmark.grade_book_wait_s = 1\n")
    for number in range(5):
        hand_in(tmp_path, f"student{number}", solved(limit=SLOW))
    process = begin(tmp_path, "kernelmark", "autograde", "short", "--jobs", "1")
    read_until(process, "2/5")
    server.stop()
    start = time.monotonic()
    try:
        out, err = process.communicate(timeout=60)
    finally:
        server.start()
    assert process.returncode == 1
    assert "Traceback" not in out + err
    assert "run the same command to go on" in out
    assert "the grade book gone" in err, (err, time.monotonic() - start)
    command(tmp_path, "kernelmark", "autograde", "short")
    assert server.query("gone", MARKS).count("|limit_value|1|") == 5
