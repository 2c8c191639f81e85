"""A whole class at once gets the marks of one by one; it can be stopped, gone on with, and spread over machines."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests import small_course
from tests.launcher import LAUNCHER
from tests.small_course import solved

WRONG = "def add(a, b): return a"
SLOW = "import time\ntime.sleep(0.4)\nlimit = 12"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder whose assignment `short` has been generated, made once."""
    made = tmp_path_factory.mktemp("course")
    small_course.write_course(made)
    command(made, "nbgrader", "generate_assignment", "short")
    return made


@pytest.fixture
def root(generated: Path, tmp_path: Path) -> Path:
    """A course folder of the test's own."""
    subprocess.run(["cp", "-a", f"{generated}/.", str(tmp_path)], check=True)
    small_course.write_config(tmp_path)
    return tmp_path


def begin(root: Path, *words: str) -> "subprocess.Popen[str]":
    folder = Path(sys.executable).parent
    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.Popen(
        [str(folder / words[0]), *words[1:]],
        cwd=root,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A suite that runs in the background of a script ignores ctrl-C, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def command(root: Path, *words: str, status: int = 0) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    found, said = LAUNCHER.run(root, *words, env={**os.environ, "PATH": path})
    assert found == status, said
    return said


def read_until(process: "subprocess.Popen[str]", text: str) -> None:
    """Read a run's lines up to one with this text."""
    assert process.stdout is not None
    before = []
    while text not in (line := process.stdout.readline()):
        assert line, (text, before, process.communicate())
        before.append(line)


def hand_in(root: Path, student: str, notebook: nbformat.NotebookNode | str) -> Path:
    folder = root / "submitted" / student / "short"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "short.ipynb"
    path.write_text(notebook if isinstance(notebook, str) else nbformat.writes(notebook))
    return path


def hand_in_class(root: Path) -> None:
    hand_in(root, "good", solved())
    hand_in(root, "wrong", solved(add=WRONG))
    hand_in(root, "junk", "this is no notebook")
    late = hand_in(root, "late", solved())
    (late.parent / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    (late.parent / "data.txt").write_text("beside")
    secret = root / "submitted" / "linked" / "short"
    secret.mkdir(parents=True)
    (secret / "short.ipynb").symlink_to(root / "submitted" / "good" / "short" / "short.ipynb")
    renamed = hand_in(root, "renamed", solved())
    renamed.rename(renamed.with_name("my_short.ipynb"))
    own = root / "source" / "short"
    (own / "parts").mkdir()
    for path in (own / "table.csv", own / "parts" / "one.csv"):
        path.write_text("1,2")
    crossed = hand_in(root, "crossed", solved()).parent
    (crossed / "table.csv").mkdir()
    for path in (crossed / "table.csv" / "two.csv", crossed / "parts", crossed / "parts.csv"):
        path.write_text("a file where you have a folder, and a folder where you have a file")


def book(root: Path) -> list[tuple[object, ...]]:
    """Every mark of the grade book, by student and cell, whatever the rows are called."""
    query = (
        "SELECT s.student_id, b.name, g.auto_score, g.manual_score, g.needs_manual_grade, s.timestamp, "
        "n.late_submission_penalty, c.auto_comment FROM grade g JOIN submitted_notebook n ON g.notebook_id = n.id "
        "JOIN submitted_assignment s ON n.assignment_id = s.id JOIN base_cell b ON g.cell_id = b.id "
        "LEFT JOIN comment c ON c.notebook_id = n.id AND c.cell_id = g.cell_id ORDER BY 1, 2"
    )
    with sqlite3.connect(root / "gradebook.db") as connection:
        return connection.execute(query).fetchall()


def texts(root: Path) -> dict[str, list[str]]:
    """The sources of every graded notebook, and the names of what was copied beside it."""
    found = {}
    for path in sorted((root / "autograded").glob("*/short")):
        names = sorted(p.name for p in path.iterdir())
        found[path.parent.name] = [*names, *(c["source"] for c in nbformat.read(path / "short.ipynb", 4).cells)]
    return found


class TestMarks:
    def test_are_those_of_one_by_one(self, root: Path, tmp_path_factory: pytest.TempPathFactory):
        """Grade book, graded notebooks and copied files are those of `nbgrader autograde`."""
        other = tmp_path_factory.mktemp("other")
        hand_in_class(root)
        subprocess.run(["cp", "-a", f"{root}/.", str(other)], check=True)
        small_course.write_config(other)
        command(root, "kernelmark", "autograde", "short", "--jobs", "3")
        command(other, "nbgrader", "autograde", "short")
        assert book(root) == book(other)
        assert texts(root) == texts(other)
        assert {row[0] for row in book(root)} == {"crossed", "good", "wrong", "junk", "late", "linked", "renamed"}
        assert texts(root)["crossed"] == [*["parts", "parts.csv", "short.ipynb", "table.csv"], *texts(root)["good"][3:]]

    def test_a_rerun_grades_only_what_changed_and_says_why(self, root: Path):
        """Nothing changed: nothing is graded. One submission changed: its marks, the former ones and the reason."""
        hand_in(root, "anna", solved(add=WRONG))
        hand_in(root, "ben", solved())
        command(root, "kernelmark", "autograde", "short")
        assert "0 graded" in command(root, "kernelmark", "autograde", "short")
        hand_in(root, "anna", solved())
        said = command(root, "kernelmark", "autograde", "short", "--json")
        events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        (graded,) = [event for event in events if event["event"] == "graded"]
        assert (graded["student"], graded["points"], graded["change"]) == (
            "anna",
            8.0,
            "was 3 (the submission changed)",
        )
        assert events[-1]["graded"] == 1
        log = (root / ".kernelmark" / "logs" / "short.log").read_text()
        assert log.count("graded anna/short") == 2
        assert log.count("graded ben/short") == 1

    def test_a_changed_assignment_is_graded_again(self, root: Path):
        """New tests need no --force."""
        hand_in(root, "anna", solved())
        command(root, "kernelmark", "autograde", "short")
        changed = small_course.notebook()
        for cell in changed.cells:
            cell.source = cell.source.replace("add(2, 3) == 5", "add(2, 4) == 6")
        nbformat.write(changed, root / "source" / "short" / "short.ipynb")
        command(root, "nbgrader", "generate_assignment", "short", "--force")
        assert "1 graded" in command(root, "kernelmark", "autograde", "short")

    def test_an_unknown_assignment_is_named_with_the_remedy(self, root: Path):
        """One line, and no traceback."""
        said = command(root, "kernelmark", "autograde", "other", status=1)
        assert "Traceback" not in said


class TestStopping:
    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
    def test_a_stopped_run_is_gone_on_with(self, root: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals):
        """What was graded stays, no folder of a judge does; the same command grades the rest, to the same book."""
        (root / "source" / "short" / "table.txt").write_text("beside the notebook, so judges make folders")
        temporary = root / "temporary"
        temporary.mkdir()
        monkeypatch.setenv("TMPDIR", str(temporary))
        for number in range(8):
            hand_in(root, f"student{number}", solved(limit=SLOW))
        process = begin(root, "kernelmark", "autograde", "short", "--jobs", "1")
        read_until(process, "2/8")
        os.kill(process.pid, how)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
        if how == signal.SIGINT:
            assert "run the same command to go on" in out
        deadline = time.monotonic() + 30
        while (left := [path for path in temporary.iterdir() if path.is_dir()]) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not left
        said = command(root, "kernelmark", "autograde", "short")
        graded = int(said.split(" graded in")[0].split()[-1])
        assert 0 < graded <= 6
        assert {row[0]: row[2] for row in book(root) if row[1] == "add_arrays"} == {
            f"student{number}": 3.0 for number in range(8)
        }


class Dask:
    """A scheduler and three workers, processes of their own without a shared folder."""

    def __init__(self, root: Path):
        self._root = root
        place = root / "scheduler.json"
        words = ("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(place))
        self.scheduler = begin(root, "dask", *words)
        self.workers: list[subprocess.Popen[str]] = []
        deadline = time.monotonic() + 60
        while not place.is_file() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.address = json.loads(place.read_text())["address"]
        for _ in range(3):
            self.add_worker()

    def add_worker(self) -> None:
        words = ("worker", self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny")
        self.workers.append(begin(self._root.parent, "dask", *words))

    @staticmethod
    def kill(*processes: "subprocess.Popen[str]") -> None:
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            assert process.stdout is not None
            if not process.stdout.closed:
                process.communicate()


@pytest.fixture
def dask(root: Path) -> Iterator[Dask]:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    made = Dask(root)
    yield made
    made.kill(made.scheduler, *made.workers)


class TestDask:
    @pytest.fixture
    def class_of_six(self, root: Path) -> None:
        # Whatever the machine's speed, the last ones are under way when the first one is done.
        for number in range(6):
            slow = SLOW if number < 4 else SLOW.replace("0.4", "3")
            path = hand_in(
                root, f"student{number}", solved(limit=slow + "\nassert open('data.txt').read() == 'beside'")
            )
            (path.parent / "data.txt").write_text("beside")

    @pytest.mark.usefixtures("class_of_six")
    def test_a_killed_worker_costs_a_retry_and_nothing_else(self, root: Path, dask: Dask):
        """One of three is killed in the middle."""
        process = begin(root, "kernelmark", "autograde", "short", "--scheduler", dask.address)
        read_until(process, "1/6")
        dask.kill(dask.workers[0])
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, out + err
        assert [row[2] for row in book(root) if row[1] == "limit_value"] == [1.0] * 6

    @pytest.mark.slow
    @pytest.mark.usefixtures("class_of_six")
    def test_without_workers_it_says_so_and_waits_for_one(self, root: Path, dask: Dask):
        """All are killed; one that comes later grades what is left."""
        process = begin(root, "kernelmark", "autograde", "short", "--scheduler", dask.address)
        read_until(process, "1/6")
        dask.kill(*dask.workers)
        read_until(process, "no worker is connected")
        dask.add_worker()
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, out + err
        assert [row[2] for row in book(root) if row[1] == "limit_value"] == [1.0] * 6

    @pytest.mark.usefixtures("class_of_six")
    @pytest.mark.slow
    def test_a_lost_scheduler_stops_the_run_in_one_line(self, root: Path, dask: Dask):
        """What was graded stays; the same command goes on, here without a cluster."""
        process = begin(root, "kernelmark", "autograde", "short", "--scheduler", dask.address)
        read_until(process, "1/6")
        dask.kill(dask.scheduler)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 1
        assert len(err.splitlines()) == 1
        assert "run the same command to go on" in out
        assert f"the Dask scheduler at {dask.address} went away" in err
        command(root, "kernelmark", "autograde", "short")
        assert [row[2] for row in book(root) if row[1] == "limit_value"] == [1.0] * 6

    @pytest.mark.slow
    def test_an_audit_finds_on_a_cluster_what_it_finds_here(self, root: Path, dask: Dask):
        """Changed solutions go to the workers, of which one is killed; the outcomes are those of this machine."""

        def counts(out: str) -> list[tuple[int, int]]:
            return [(each["caught"], each["survived"]) for each in json.loads(out)[0]["functions"]]

        process = begin(root, "kernelmark", "audit", "short", "--json", "--scheduler", dask.address)
        time.sleep(5)
        dask.kill(dask.workers[0])
        out, err = process.communicate(timeout=240)
        assert process.returncode in (0, 1), err
        there = counts(out)
        shutil.rmtree(root / ".kernelmark" / "audit")
        process = begin(root, "kernelmark", "audit", "short", "--json")
        out, err = process.communicate(timeout=240)
        assert there == counts(out), err

    @pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense"])
    def test_a_wrong_address_is_named_with_the_remedy(self, root: Path, address: str):
        """One line, and no traceback."""
        said = command(root, "kernelmark", "autograde", "short", "--scheduler", address, status=1)
        assert f"no Dask scheduler answers at {address}" in said
        assert "Traceback" not in said
