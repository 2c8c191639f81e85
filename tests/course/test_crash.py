"""Killed, refused, interrupted: what the grade book holds afterwards, and after the same command again."""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook

from kernelmark import records
from kernelmark.course.resume import folder_sha256, graded_from
from tests import small_course
from tests.small_course import solved

HERE = Path(__file__).parents[1]
# Half the points of a late notebook go, so that a penalty taken twice would show.
CONFIG = """
from nbgrader.plugins import BasePlugin

class Half(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2

c.AssignLatePenalties.plugin_class = Half
"""
EARLY, LATE, LATER = (f"2026-11-0{day} 10:00:00 UTC" for day in (1, 3, 4))
COLUMNS = {
    "submitted_assignment": "student_id, timestamp, extension",
    "submitted_notebook": "student_id, late_submission_penalty",
    "grade": "student_id, name, auto_score, manual_score, extra_credit, needs_manual_grade",
    "comment": "student_id, name, auto_comment, manual_comment",
}
WRONG = {"add": "def add(a, b): return a"}
# Where a test ends a process, this long is waited for what must follow; nothing waits so long that works.
PATIENCE_S = 60.0

Command = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def command() -> Iterator[Command]:
    """Runs one of nbgrader's commands in a course; can kill it at a step or after a time (`killed.py`)."""
    env = {**os.environ, "PYTHONPATH": str(HERE.parent), "PYTHONWARNINGS": "ignore"}
    program = subprocess.Popen(
        [sys.executable, str(HERE / "killed.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    )
    assert program.stdin is not None
    assert program.stdout is not None

    def run(
        root: Path,
        *words: str,
        kill: int | None = None,
        after_s: float | None = None,
        warm: bool = True,
        first: str | None = None,
        file_bytes: int | None = None,
        fails: bool = False,
    ) -> dict[str, Any]:
        order = {"root": str(root), "words": words, "kill": kill, "after_s": after_s, "warm": warm}
        order |= {"first": first, "file_bytes": file_bytes}
        program.stdin.write(json.dumps(order) + "\n")
        program.stdin.flush()
        answer = json.loads(program.stdout.readline())
        if kill is None and after_s is None:
            assert (answer["status"] != 0) == fails, answer["said"]
        return dict(answer)

    yield run
    program.stdin.close()
    program.stdout.close()
    program.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def graded(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose class was graded once, and partly marked by hand; then all but one handed in again."""
    root = tmp_path_factory.mktemp("graded")
    small_course.write_course(root)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(CONFIG)
    command(root, "generate_assignment", "short")
    with book(root) as found:
        found.update_or_create_assignment("short", duedate="2026-11-02 10:00:00 UTC")
    for student in ("broken", "late", "marked"):
        hand_in(root, student, solved(**WRONG), LATE if student == "late" else EARLY)
    command(root, "autograde", "short")
    with book(root) as found:
        for student in ("late", "marked"):
            found.find_grade("why", "short", "short", student).manual_score = 3.0
            found.find_grade("add_small", "short", "short", student).extra_credit = 0.5
            found.find_comment("why", "short", "short", student).manual_comment = "well put"
            found.find_grade("add_arrays", "short", "short", student).manual_score = 1.0
        found.db.commit()
    hand_in(root, "late", solved(), LATER)
    return root


@pytest.fixture
def again(graded: Path, tmp_path: Path) -> Path:
    """That course, where only the late and partly marked work was handed in again."""
    return copied(graded, tmp_path / "again")


@pytest.fixture
def whole(graded: Path, tmp_path: Path) -> Path:
    """That course, where a class of four waits: marked by hand, late, no notebook at all, and new."""
    root = copied(graded, tmp_path / "whole")
    hand_in(root, "marked", solved(limit="limit = 11"), "2026-11-01 11:00:00 UTC")
    hand_in(root, "broken", "this is no notebook", "2026-11-01 11:00:00 UTC")
    hand_in(root, "new", solved(), EARLY)
    return root


class TestKilled:
    @pytest.mark.parametrize("which", ["some from the record on", pytest.param("all", marks=pytest.mark.slow)])
    def test_at_every_step_of_a_regrade(self, again: Path, command: Command, tmp_path: Path, which: str):
        """Whatever was written last, the same command again gives the grade book of an undisturbed run."""
        undisturbed = copied(again, tmp_path / "undisturbed")
        steps = command(undisturbed, "autograde", "short")["steps"]
        expected = rows(undisturbed)
        record = next(at for at, what in enumerate(steps) if what.endswith(".short.json.tmp"))
        assert "commit" in steps[record:]
        wrong = []
        for step in range(len(steps)) if which == "all" else range(record, len(steps), 2):
            root = copied(again, tmp_path / f"step{step}")
            assert command(root, "autograde", "short", kill=step)["status"] == -signal.SIGKILL
            meanwhile = rows(root)
            command(root, "autograde", "short")
            stale = [row for row in meanwhile["grade"] if row in rows(again)["grade"] and row not in expected["grade"]]
            if rows(root) != expected or (step > record and stale):
                wrong.append((steps[step], stale))
            shutil.rmtree(root)
        assert wrong == []

    @pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
    def test_at_random_moments(self, whole: Path, command: Command, tmp_path: Path, seed: int):
        """A class that was killed twice at any moment ends as one that was not."""
        killed_often(whole, command, tmp_path, random.Random(seed), 3)

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(100, 110))
    def test_at_many_random_moments(self, whole: Path, command: Command, tmp_path: Path, seed: int):
        """The same, four kills each."""
        killed_often(whole, command, tmp_path, random.Random(seed), 4)

    def test_while_regrading_what_did_not_change(self, again: Path, command: Command, tmp_path: Path):
        """`--force` on work whose marks stand: killed half-way, the marks still stand, for they are of this work."""
        words = ("autograde", "short", "--student", "late")
        command(again, *words)
        steps = command(again, *words, "--force")["steps"]
        expected = rows(again)
        for step in (5, len(steps) // 2):
            root = copied(again, tmp_path / f"step{step}")
            command(root, *words, "--force", kill=step)
            assert rows(root) == expected
        command(root, *words, "--force")
        assert rows(root) == expected


class TestHalfWritten:
    def test_half_a_notebook_is_graded_again(self, again: Path, command: Command):
        """What a killed run left in autograded/ is not taken for a graded submission."""
        command(again, "autograde", "short")
        expected = rows(again)
        path = again / "autograded" / "late" / "short" / "short.ipynb"
        text = path.read_text()
        path.chmod(0o644)
        path.write_text(text[: len(text) // 2])
        assert "graded again" in command(again, "autograde", "short")["said"]
        assert rows(again) == expected
        assert graded_from(path) == folder_sha256(again / "submitted" / "late" / "short")[0]

    def test_half_a_record_is_written_anew(self, again: Path, command: Command):
        """A record that is no JSON stops nobody, and a kill leaves none."""
        path = again / records.record_path("short", "late", "short")
        path.write_text(path.read_text()[:100])
        command(again, "autograde", "short")
        assert records.from_json(records.SubmissionResult, path.read_bytes()).student == "late"
        assert [p.name for p in path.parent.iterdir() if p.suffix in (".tmp", ".former")] == []

    def test_work_handed_in_again_is_graded_without_a_timestamp(self, again: Path, command: Command):
        """nbgrader goes by timestamp.txt alone; other work under an old mark would be a stale mark."""
        command(again, "autograde", "short")
        hand_in(again, "marked", solved(), EARLY)
        command(again, "autograde", "short")
        assert grade(again, "marked", "add_small") == (2.0, False)

    def test_nothing_is_graded_twice(self, whole: Path, command: Command):
        """The same command again changes no file and no mark."""
        command(whole, "autograde", "short")
        before = rows(whole), sorted((p, p.stat().st_mtime_ns) for p in (whole / "autograded").rglob("*"))
        assert "graded again" not in command(whole, "autograde", "short")["said"]
        assert before == (rows(whole), sorted((p, p.stat().st_mtime_ns) for p in (whole / "autograded").rglob("*")))


class TestFailedGrading:
    """No mark of earlier work stands for work that could not be graded, and manual marks stay."""

    def test_before_a_step_of_ours(self, again: Path, command: Command):
        """One submission cannot be copied by nbgrader; its marks are empty by then, and the others are graded."""
        with (again / "nbgrader_config.py").open("a") as config:
            config.write(
                "\nfrom nbgrader.converters.base import BaseConverter\ncopy = BaseConverter.init_assignment\n"
                "def stumble(self, assignment, student):\n    assert student != 'marked', 'on purpose'\n"
                "    copy(self, assignment, student)\nBaseConverter.init_assignment = stumble\n"
            )
        hand_in(again, "marked", solved(), EARLY)
        assert "on purpose" in command(again, "autograde", "short", fails=True)["said"]
        assert_only_manual_marks(again, "marked")
        assert grade(again, "late", "add_small") == (2.0, False)

    def test_no_notebook_at_all(self, again: Path, command: Command):
        """nbgrader would pass over such a folder and leave the earlier marks."""
        (again / "submitted" / "marked" / "short" / "short.ipynb").unlink()
        assert "marked: marks of other work" in command(again, "autograde", "short")["said"]
        assert grade(again, "marked", "limit_value") == (0.0, False)

    @pytest.mark.parametrize(
        "step", ["Grade", *(pytest.param(name, marks=pytest.mark.slow) for name in ("Conform", "CheckCellMetadata"))]
    )
    def test_an_error_in_any_step(self, again: Path, command: Command, step: str):
        """Whichever step of ours or nbgrader's fails."""
        sound = (again / "nbgrader_config.py").read_text()
        broken = sound + (
            "\nfrom kernelmark.course.autograde import Conform, Grade\n"
            "from nbgrader.preprocessors import CheckCellMetadata\n"
            f"class {step}({step}):\n    def preprocess(self, nb, resources):\n"
            "        nb, resources = super().preprocess(nb, resources)\n        raise RuntimeError('on purpose')\n"
            "for steps in (c.Autograde.sanitize_preprocessors, c.Autograde.autograde_preprocessors):\n"
            f"    steps[:] = [{step} if s.__name__ == '{step}' else s for s in steps]\n"
        )
        for words in ((), ("--force", "--student", "late")):
            (again / "nbgrader_config.py").write_text(broken)
            assert "on purpose" in command(again, "autograde", "short", *words, fails=True)["said"]
            assert_only_manual_marks(again, "late")
            (again / "nbgrader_config.py").write_text(sound)
            command(again, "autograde", "short")
            assert grade(again, "late", "add_small") == (2.0, False)

    def test_the_penalty_plugin_fails(self, again: Path, command: Command):
        """Marks without their late penalty would be wrong marks: neither is saved."""
        with (again / "nbgrader_config.py").open("a") as config:
            config.write("\nHalf.late_submission_penalty = lambda self, *a: 1 / 0 if a[1] > 6 else a[1] / 2\n")
        assert "ZeroDivisionError" in command(again, "autograde", "short", fails=True)["said"]
        assert_only_manual_marks(again, "late")

    def test_source_that_cannot_be_read_changes_nothing(self, again: Path, command: Command):
        """The instructor's own mistake costs nobody a mark."""
        before = rows(again)
        path = again / "source" / "short" / "short.ipynb"
        text = path.read_text()
        path.write_text(text[:-20])
        assert "short.ipynb" in command(again, "autograde", "short", fails=True)["said"]
        assert rows(again) == before
        path.unlink()
        assert "source_directory" in command(again, "autograde", "short", fails=True)["said"]
        assert rows(again) == before
        path.write_text(text)
        command(again, "autograde", "short")


class TestCannotBeWritten:
    def test_a_grade_book_locked_for_a_while(self, again: Path, command: Command):
        """Grading waits for the other program."""
        with locked(again) as release:
            threading.Timer(2.0, release).start()
            said = command(again, "autograde", "short")["said"]
        assert "Another program holds the lock" in said
        assert grade(again, "late", "add_small") == (2.0, False)

    def test_a_grade_book_locked_for_good(self, again: Path, command: Command):
        """One line with the remedy, nothing changed, and the same command completes later."""
        before = rows(again)
        with locked(again):
            said = command(again, "autograde", "short", "--Kernelmark.grade_book_wait_s=0.5", fails=True)["said"]
        assert "locked by another program" in said
        assert "run the same command again" in said
        assert "Traceback" not in said
        assert rows(again) == before
        command(again, "autograde", "short")
        assert grade(again, "late", "add_small") == (2.0, False)

    @pytest.mark.parametrize(
        "place",
        ["autograded", "gradebook.db", *(pytest.param(name, marks=pytest.mark.slow) for name in (".kernelmark", "."))],
    )
    def test_read_only(self, again: Path, command: Command, place: str):
        """One line that names the place, nothing changed, and the same command completes later."""
        before = rows(again)
        with read_only(again / place) as mount:
            said = command(again, "autograde", "short", first=mount, fails=True)["said"]
        assert "read-only" in said
        assert "Traceback" not in said
        assert rows(again) == before
        if place == "autograded":
            command(again, "autograde", "short")
            assert grade(again, "late", "add_small") == (2.0, False)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
    def test_disk_full(self, again: Path, command: Command):
        """One line that says what to free, nothing changed, and the same command completes later."""
        before = rows(again)
        said = command(again, "autograde", "short", first="mount -t tmpfs -o size=512k none autograded", fails=True)[
            "said"
        ]
        assert "the disk is full" in said
        assert "Traceback" not in said
        assert rows(again) == before
        command(again, "autograde", "short")
        assert grade(again, "late", "add_small") == (2.0, False)

    @pytest.mark.parametrize("limit_bytes", [pytest.param(2000, marks=pytest.mark.slow), 6000])
    def test_files_that_cannot_grow(self, again: Path, command: Command, tmp_path: Path, limit_bytes: int):
        """A quota that is hit half-way leaves no mark of earlier work, and the same command completes later."""
        undisturbed = copied(again, tmp_path / "undisturbed")
        command(undisturbed, "autograde", "short")
        command(again, "autograde", "short", file_bytes=limit_bytes, fails=True)
        kept = rows(again)
        assert all(row in kept["comment"] for row in rows(undisturbed)["comment"] if row[-1])
        command(again, "autograde", "short")
        assert rows(again) == rows(undisturbed)


class TestNothingLivesOn:
    @pytest.mark.parametrize("victims", [pytest.param("coordinator", marks=pytest.mark.slow), "both"])
    def test_after_sigkill(self, again: Path, victims: str):
        """The warm process, the judge, the reference and the sandboxes end by themselves."""
        hand_in(again, "late", solved(limit="while True: pass"), LATER)
        words = ["autograde", "short", "--student", "late", "--Kernelmark.cell_timeout_s=600"]
        words = [sys.executable, "-m", "nbgrader", *words]
        coordinator = subprocess.Popen(words, cwd=again, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            found = wait_for(lambda: running_student(coordinator.pid))
            warm = next(pid for pid, command in found.items() if "kernelmark.referee.warm" in command)
            alive = {pid: started(pid) for pid in found}
            for pid in [warm, coordinator.pid] if victims == "both" else [coordinator.pid]:
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: not [pid for pid, since in alive.items() if started(pid) == since])
        finally:
            coordinator.kill()
            coordinator.wait()


def killed_often(start: Path, command: Command, tmp_path: Path, dice: random.Random, kills: int) -> None:
    undisturbed = copied(start, tmp_path / "undisturbed")
    begun = time.monotonic()
    command(undisturbed, "autograde", "short", warm=False)
    took_s = time.monotonic() - begun
    for _ in range(kills):
        command(start, "autograde", "short", after_s=dice.uniform(0.0, took_s), warm=False)
    command(start, "autograde", "short", warm=False)
    assert rows(start) == rows(undisturbed)


def hand_in(root: Path, student: str, notebook: NotebookNode | str, timestamp: str) -> None:
    folder = root / "submitted" / student / "short"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "short.ipynb").write_text(notebook if isinstance(notebook, str) else nbformat.writes(notebook))
    (folder / "timestamp.txt").write_text(timestamp)


def copied(root: Path, to: Path) -> Path:
    shutil.copytree(root, to)
    return to


def book(root: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{root / 'gradebook.db'}")


def rows(root: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that the grade book says of submissions, by name and without nbgrader's random ids."""
    submitted = "join submitted_assignment s on s.id = n.assignment_id"
    of_cell = f"join submitted_notebook n on n.id = t.notebook_id {submitted} join base_cell c on c.id = t.cell_id"
    tables = {
        "submitted_assignment": "submitted_assignment t",
        "submitted_notebook": f"submitted_notebook n {submitted}",
        "grade": f"grade t {of_cell}",
        "comment": f"comment t {of_cell}",
    }
    with contextlib.closing(sqlite3.connect(root / "gradebook.db")) as found:
        return {
            name: sorted(found.execute(f"select {COLUMNS[name]} from {tables[name]}").fetchall(), key=repr)
            for name in tables
        }


def grade(root: Path, student: str, grade_id: str) -> tuple[float | None, bool]:
    with book(root) as found:
        score = found.find_grade(grade_id, "short", "short", student)
        return score.auto_score, score.needs_manual_grade


def assert_only_manual_marks(root: Path, student: str) -> None:
    with book(root) as found:
        notebook = found.find_submission_notebook("short", "short", student)
        assert {g.auto_score for g in notebook.grades} == {None}
        assert all(g.needs_manual_grade for g in notebook.grades)
        assert {g.name: g.manual_score for g in notebook.grades if g.manual_score} == {"why": 3.0, "add_arrays": 1.0}
        assert found.find_comment("why", "short", "short", student).manual_comment == "well put"


@contextlib.contextmanager
def locked(root: Path) -> Iterator[Callable[[], None]]:
    """Hold the grade book as another program would; yields what lets go of it."""
    other = sqlite3.connect(root / "gradebook.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield other.close
    finally:
        other.close()


@contextlib.contextmanager
def read_only(path: Path) -> Iterator[str | None]:
    """Take the right to write a place; yields the mount that does it where rights do not bind, for root."""
    if os.geteuid() == 0:
        yield f"mount --bind {path} {path}; mount -o remount,ro,bind {path}"
        return
    mode = path.stat().st_mode
    path.chmod(mode & ~0o222)
    try:
        yield None
    finally:
        path.chmod(mode)


def running_student(coordinator: int) -> dict[int, str]:
    """Return the processes below the coordinator, {pid: command line}, once submitted code keeps one busy."""
    below: dict[int, str] = {}
    parents = [coordinator]
    while parents:
        listed = subprocess.run(["pgrep", "-P", str(parents.pop())], capture_output=True, text=True).stdout
        for pid in map(int, listed.split()):
            with contextlib.suppress(OSError):
                below[pid] = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
                parents.append(pid)
    sandboxed = [pid for pid, words in below.items() if "kernelmark.sandbox.server" in words or "zygote" in words]
    return below if len(sandboxed) > 1 and any(cpu_ticks(pid) > 150 for pid in sandboxed) else {}


def cpu_ticks(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
    return 0


def started(pid: int) -> str:
    """Return when a process started, "" once it has ended: a number may be given anew."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    return ""


def wait_for(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return value
