"""One notebook, refereed: what marks depend on, and what a failure costs."""

import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from IPython.core.interactiveshell import InteractiveShell

from kernelmark import checks
from kernelmark.notebook.cells import Cell, Plan
from kernelmark.notebook.conform import Course, read_submission
from kernelmark.records import SubmissionResult
from kernelmark.referee import grading
from kernelmark.referee.judge import Judge
from kernelmark.referee.run import prime
from kernelmark.referee.session import Session
from kernelmark.referee.warm import taken_up
from kernelmark.sandbox.limits import Limits
from kernelmark.sandbox.link import Link
from kernelmark.sandbox.shell import Shell
from kernelmark.wire.proxy import Proxy
from tests import small_course
from tests.small_course import ADD, COUNTER, MARKER, solved

Grade = Callable[..., SubmissionResult]
STUBBORN = """import time
def add(a, b):
    while True:
        try: time.sleep(60)
        except BaseException: pass"""
FULL = {"add_small": 2.0, "add_arrays": 3.0, "counter_steps": 2.0, "limit_value": 1.0, "why": None}


def marks(result: SubmissionResult) -> dict[str, float | None]:
    return {cell.grade_id: cell.points for cell in result.cells}


class TestHonestWork:
    def test_instructors_solution_earns_everything(self, grade_short: Grade):
        """All automatic points; the written answer waits for a person."""
        assert marks(grade_short(solved())) == FULL

    def test_untouched_release_earns_nothing_and_says_why(self, grade_short: Grade):
        """No marks, and every reason tells the student what is missing."""
        released = Course(small_course.notebook()).released
        result = grade_short(released)
        assert marks(result) == dict.fromkeys(FULL, 0.0)
        assert "Not implemented yet" in result.cell("add_small").reason
        assert "limit must be 12, got None" in result.cell("limit_value").reason
        assert "No response" in result.cell("why").reason

    def test_warnings_and_stray_values_decide_nothing(self, grade_short: Grade):
        """A last value of 0 and a warning on stderr leave the marks as they are."""
        noisy = solved(add=ADD + "\nimport warnings\nwarnings.warn('hm')\n0.0")
        assert marks(grade_short(noisy)) == FULL

    def test_own_exception_class_counts_as_its_builtin_base(self, grade_short: Grade):
        """raises(ValueError) would accept a subclass; so does the wire: the reason names it."""
        result = grade_short(solved(add="class Mine(ValueError): pass\ndef add(a, b): raise Mine('no sums today')"))
        assert "ValueError: Mine: no sums today" in result.cell("add_small").reason

    def test_in_place_changes_of_arguments_are_seen(self, grade_short: Grade):
        """A function that spoils its input fails the check that it does not."""
        result = grade_short(
            solved(add="def add(a, b):\n    r = a + b\n    if hasattr(a, 'fill'): a.fill(0)\n    return r")
        )
        assert marks(result)["add_small"] == 2.0
        assert marks(result)["add_arrays"] == 0.0
        assert "input number 1 was changed" in result.cell("add_arrays").reason


class TestNotes:
    def test_a_result_says_what_was_wrong_with_the_file(self, tmp_path: Path):
        """A file that is no notebook is graded as an empty one, and the record says so."""
        nbformat.write(small_course.notebook(), tmp_path / "short.ipynb")
        (tmp_path / "handed").mkdir()
        (tmp_path / "handed" / "short.ipynb").write_text("not a notebook")
        result = grading.grade(tmp_path / "short.ipynb", tmp_path / "handed" / "short.ipynb")
        assert any("is not a notebook" in note for note in result.notes)


class TestFilesOfTheCourse:
    def test_can_be_imported_everywhere_and_are_the_instructors(self, tmp_path: Path):
        """What lies beside the instructor's notebook is there for tests and students, whatever a student puts there."""
        source, submitted = tmp_path / "source" / "short", tmp_path / "submitted"
        for folder, value in ((source, 12), (submitted, 13)):
            (folder / "given").mkdir(parents=True)
            (folder / "given" / "numbers_of_the_course.py").write_text(f"DOZEN = {value}")
        notebook = small_course.notebook()
        notebook.cells[1].source += "\nfrom given.numbers_of_the_course import DOZEN"
        notebook.cells[8].source = '"""limit is a dozen."""\nassert limit == DOZEN, f"{limit} is not {DOZEN}"'
        nbformat.write(notebook, source / "short.ipynb")
        solution = nbformat.from_dict(json.loads(json.dumps(notebook)))
        solution.cells[7].source = "limit = DOZEN"
        nbformat.write(solution, submitted / "short.ipynb")
        assert marks(grading.grade(source / "short.ipynb", submitted / "short.ipynb")) == FULL


class TestFailuresCostOnlyWhatTheyBreak:
    @pytest.mark.parametrize(
        "ending",
        [
            "raise SystemExit(1)",
            "import os; os._exit(3)",
            "import ctypes; ctypes.string_at(0)",
            "raise KeyboardInterrupt",
        ],
    )
    def test_a_cell_that_ends_the_process(self, grade_short: Grade, ending: str):
        """The Counter is lost with its cell; the other functions keep their marks."""
        result = grade_short(solved(counter=f"{ending}\n{COUNTER}"))
        assert marks(result) == {**FULL, "counter_steps": 0.0}

    def test_a_function_that_ends_the_process(self, grade_short: Grade):
        """Tests before and after the call still count, and the reason says what happened."""
        result = grade_short(solved(add="def add(a, b):\n    import os; os._exit(7)"))
        assert marks(result) == {**FULL, "add_small": 0.0, "add_arrays": 0.0}
        assert "exit status 7" in result.cell("add_small").reason

    def test_a_hang_that_ignores_the_interrupt(self, grade_short: Grade):
        """It is killed after its time, and the rest is graded."""
        result = grade_short(solved(add=STUBBORN), Limits(cell_s=1.0))
        assert marks(result) == {**FULL, "add_small": 0.0, "add_arrays": 0.0}
        assert "did not stop when interrupted" in result.cell("add_small").reason

    def test_a_memory_flood_names_itself(self, grade_short: Grade):
        """The limit ends the process; the reason says so."""
        flood = "def add(a, b):\n    return [bytearray(2**24) for _ in range(10**4)]"
        result = grade_short(solved(add=flood), Limits(memory_bytes=400 * 2**20))
        assert marks(result) == {**FULL, "add_small": 0.0, "add_arrays": 0.0}
        assert "memory" in result.cell("add_small").reason.lower()

    def test_an_output_flood_costs_nothing(self, grade_short: Grade):
        """Printing a hundred megabytes is cut, not punished."""
        assert marks(grade_short(solved(limit="print('x' * 10**8)\nlimit = 12"))) == FULL

    def test_a_syntax_error_costs_its_own_cell(self, grade_short: Grade):
        """The other cells run."""
        assert marks(grade_short(solved(counter="class Counter(:"))) == {**FULL, "counter_steps": 0.0}

    def test_a_file_that_is_no_notebook(self, grade_short: Grade):
        """Every mark is zero, and the tests ran all the same."""
        assert marks(grade_short(b"\x89PNG junk")) == dict.fromkeys(FULL, 0.0)


class TestFaultsThatAreNotTheStudents:
    def test_a_broken_test_marks_nobody(self, tmp_path, grade_short: Grade):
        """A test that the course's own solution fails needs a person, with the reason for staff."""
        broken = small_course.notebook()
        cell = next(c for c in broken.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "add_small")
        cell.source = '"""add is fine."""\nassert add(2, 3) == undefined_name'
        (tmp_path / "source" / "short.ipynb").write_text(nbformat.writes(broken))
        result = grade_short(solved())
        assert marks(result) == {**FULL, "add_small": None}
        assert "undefined_name" in result.cell("add_small").staff
        assert "costs you nothing" in result.cell("add_small").reason

    def test_a_cell_of_the_course_that_fails_costs_the_tests_that_need_it(self, tmp_path, grade_short: Grade):
        """Where an instructor's own cell raises, a test that it would fail marks nobody; the others are judged."""
        broken = small_course.notebook()
        next(c for c in broken.cells if "return a + b" in c.source).source = "1 / 0\n" + ADD
        (tmp_path / "source" / "short.ipynb").write_text(nbformat.writes(broken))
        result = grade_short(solved(add="def add(a, b): return 0", limit="limit = 11"))
        assert marks(result) == {**FULL, "add_small": None, "add_arrays": None, "limit_value": 0.0}
        assert "the instructor's cell 'add' fails: ZeroDivisionError" in result.cell("add_small").staff


class TestTime:
    def test_calls_from_tests_count_against_the_notebook(self, grade_short: Grade):
        """Many slow calls, each within its own limit, end when the notebook's time is spent."""
        slow = "import time\ndef add(a, b):\n    time.sleep(0.8)\n    return a + b"
        result = grade_short(solved(add=slow), Limits(cell_s=2.0, notebook_s=1.0))
        assert "used up its 1 s" in "".join(cell.reason for cell in result.cells)

    def test_a_function_that_hangs_costs_no_slow_cell(self, grade_short: Grade):
        """Cells run again after a restart have their full time, however little patience calls have left."""
        slow = f"import time; time.sleep(0.7)\n{COUNTER}"
        result = grade_short(solved(add=STUBBORN, counter=slow), Limits(cell_s=1.0))
        assert marks(result) == {**FULL, "add_small": 0.0, "add_arrays": 0.0}


class TestReference:
    def test_lost_between_two_submissions_costs_nobody(self, grade_short: Grade):
        """The idle reference is killed; the next honest submission gets its marks."""
        grade_short(solved())
        warm = psutil.Process(grading._warm_judges._process.pid)
        for process in warm.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):  # its overseer took it along
                process.kill()
        assert marks(grade_short(solved())) == FULL
        assert marks(grade_short(solved(add="def add(a, b): return a")))["add_small"] == 0.0

    def test_ended_while_it_waited_is_started_again(self):
        """A judge that takes up a reference which has just been killed has the solution all the same."""
        cells = (Cell("student", "def base(): return 7", grade_id="base"),)
        link = Link(Limits(), trusted=True)
        prime(cells, link, Limits())
        os.kill(link.pid, signal.SIGKILL)
        limits = Limits(restarts=0)
        with contextlib.closing(taken_up(link, Plan((), {}, cells), limits, {})) as session:
            assert Proxy(session.line, {"n": "base"}, "base")() == 7
            assert session.line() is not link

    def test_leaves_demonstrations_out(self, tmp_path: Path, grade_short: Grade):
        """A cell that would end the reference's process is never run in it."""
        source = small_course.notebook()
        shown = nbformat.v4.new_code_cell("import os; os._exit(3)", metadata={"tags": ["demonstration"]})
        source.cells.insert(3, shown)
        nbformat.write(source, tmp_path / "source" / "short.ipynb")
        assert marks(grade_short(solved())) == FULL
        wrong = grade_short(solved(add="def add(a, b): return a"))  # its failing tests are tried on the solution
        assert marks(wrong) == {**FULL, "add_small": 0.0, "add_arrays": 0.0}

    def test_serves_one_submission_after_the_other_and_can_be_renewed(self):
        """A session over a reference that has served before still knows the solution after a restart."""
        first = prime(
            [Cell("student", "def base(): return 7", grade_id="base")], Link(Limits(), trusted=True), Limits()
        )
        again = Session(Limits(), link=first.line(), ran=["def base(): return 7"])
        try:
            assert Proxy(again.line, {"n": "base"}, "base")() == 7
            again.renew()
            assert Proxy(again.line, {"n": "base"}, "base")() == 7
        finally:
            again.close()


class TestChildProcesses:
    FORKS = "import multiprocessing as mp\n\ndef add(a, b):\n    with mp.get_context('fork').Pool(1) as pool:\n"
    FORKS += "        return pool.apply(sum, ([a, b],))"

    def test_are_refused_by_default(self, grade_short: Grade):
        """A function that starts one costs its own tests, and the reason says what was not permitted."""
        result = grade_short(solved(add=self.FORKS))
        assert marks(result) == {**FULL, "add_small": 0.0, "add_arrays": 0.0}
        assert "not permitted" in result.cell("add_small").reason

    def test_are_refused_to_a_submission_that_allows_them_itself(self, grade_short: Grade):
        """Only the instructor's notebook can say so."""
        submission = solved(add=self.FORKS)
        submission.metadata["kernelmark"] = {"allow_child_processes": True}
        assert marks(grade_short(submission))["add_small"] == 0.0

    def test_work_where_the_instructors_notebook_allows_them(self, tmp_path, grade_short: Grade):
        """For the submission and for the course's own solution alike."""
        source = small_course.notebook()
        source.metadata["kernelmark"] = {"allow_child_processes": True}
        next(c for c in source.cells if "return a + b" in c.source).source = self.FORKS
        (tmp_path / "source" / "short.ipynb").write_text(nbformat.writes(source))
        assert marks(grade_short(solved(add=self.FORKS))) == FULL
        wrong = grade_short(solved(add="def add(a, b): return a"))  # its failing tests are tried on the solution
        assert marks(wrong) == {**FULL, "add_small": 0.0, "add_arrays": 0.0}


class TestForging:
    @pytest.mark.parametrize(
        "trick",
        [
            "np.allclose = lambda *a, **k: True",
            "import kernelmark.checks as c; c.close = lambda *a, **k: None",
            "import builtins; builtins.AssertionError = type('Quiet', (Exception,), {})",
            "import time; time.perf_counter = time.process_time = lambda: 0.0",
            "class Yes:\n    def __eq__(self, o): return True\n    def __add__(self, o): return self",
        ],
    )
    def test_replacing_the_words_of_a_test_changes_nothing(self, grade_short: Grade, trick: str):
        """The judge has words of its own: a wrong add still fails, everything else still passes."""
        returned = "Yes()" if "class Yes" in trick else "a"
        result = grade_short(solved(add=f"{trick}\ndef add(a, b):\n    return {returned}"))
        assert marks(result) == {**FULL, "add_small": 0.0, "add_arrays": 0.0}

    def test_nonsense_on_the_line_costs_only_its_own_test(self, grade_short: Grade):
        """Writing to the grader's socket ends that process and that test, nothing else."""
        babble = (
            "import os, socket, stat\n"
            "def add(a, b):\n"
            "    for fd in range(3, 40):\n"
            "        try:\n"
            "            if stat.S_ISSOCK(os.fstat(fd).st_mode): os.write(fd, b'\\xff' * 4096)\n"
            "        except OSError: pass\n"
            "    return a + b"
        )
        assert marks(grade_short(solved(add=babble))) == {**FULL, "add_small": 0.0, "add_arrays": 0.0}


class TestSecrets:
    @pytest.fixture
    def graded(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
        """A student session in which every test of the short course has just been run by a judge."""
        course = Course(small_course.notebook())
        _, plan = course.plan(read_submission(nbformat.writes(solved()).encode())[0])
        limits = Limits()
        monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
        for kind in (Shell, InteractiveShell):  # the judge's shell becomes get_ipython()'s; give it back
            monkeypatch.setattr(kind, "_instance", None)
        student, reference = Session(limits), Session(limits)
        former = checks._runtime
        try:
            for cell in plan.solution:
                if cell.code:
                    reference.run(cell.source)
            judge = Judge(student, reference, plan, set())
            for cell in plan.cells:
                if cell.role == "setup":
                    judge.setup(cell)
                if cell.role == "test":
                    assert judge.test(cell)[0].mark == "pass"
                elif cell.code:
                    student.run(cell.source)
            yield student
        finally:
            checks.use(former)
            student.close()
            reference.close()

    def test_hidden_text_is_nowhere_in_the_students_process(self, graded: Session):
        """Neither the memory nor any file that the process can open holds the hidden test."""
        pid = graded.line().pid
        memory = memory_of(pid)
        assert b"def step(self)" in memory, "the search itself must work: the student's own code is there"
        assert MARKER.encode() not in memory
        root = f"/proc/{pid}/root"
        seen = [
            os.path.join(folder, name)
            for top in ("home", "tmp", "opt", "dev/shm")
            for folder, _, names in os.walk(f"{root}/{top}")
            for name in names
        ]
        assert any(path.endswith("kernelmark/sandbox/server.py") for path in seen), "the search itself must work"
        assert not [path for path in seen if MARKER.encode() in Path(path).read_bytes()]


def memory_of(pid: int) -> bytes:
    """Return everything readable and writable in a process's memory, shared regions included."""
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if match is None:
                continue
            start, end = (int(text, 16) for text in match.groups())
            if end - start > 2**29:
                end = start + 2**25
            memory.seek(start)
            found.append(memory.read(end - start))
    return b"".join(found)


def test_prime_names_the_cell_that_fails():
    """A cell of the solution that does not run is the course's fault: it is named, and the others run."""
    link = Link(Limits(), trusted=True)
    try:
        cells = [Cell("student", "1 / 0", grade_id="answer"), Cell("student", "b = 2", grade_id="other")]
        session = prime(cells, link, Limits())
        assert session.failed == {"1 / 0": "ZeroDivisionError: division by zero"}
        assert session.line().request({"op": "names", "names": ["b"]})[0]["ok"]["b"]["value"] == 2
    finally:
        link.close()
