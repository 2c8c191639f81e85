"""A process that can be lost: it is started again, the earlier cells run again, the guilty one does not."""

import nbformat
import pytest

from kernelmark.errors import CourseError, SubmissionError, SubmissionLost
from kernelmark.referee.session import Session, error_output
from kernelmark.sandbox.limits import Limits
from kernelmark.sandbox.link import Link

QUICK = Limits(cell_s=20.0, restarts=3)


@pytest.fixture
def begin():
    """Return a way to begin a session that is closed when the test is over."""
    sessions = []

    def start(limits=QUICK, **settings):
        sessions.append(Session(limits, **settings))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


def printed(session, source):
    """Run a cell that must succeed; return what it printed."""
    outputs, failed = session.run(source)
    assert not failed, outputs
    return "".join(output.get("text", "") for output in outputs).strip()


class TestRestart:
    def test_runs_the_earlier_cells_again(self, begin):
        """After a crash the names of the cells before it are there, in their order of running."""
        session = begin()
        session.run("log = ['first']")
        session.run("log.append('second')")
        outputs, failed = session.run("import os; os._exit(7)")
        assert failed
        assert "exit status 7" in outputs[0]["evalue"]
        assert printed(session, "print(log)") == "['first', 'second']"
        assert session.restarts == 1

    def test_leaves_the_guilty_cell_out(self, begin):
        """What the crashed cell did before it crashed is not there, and it crashes nothing again."""
        session = begin()
        session.run("half_done = True; import os; os._exit(1)")
        assert printed(session, "print('half_done' in globals())") == "False"

    def test_keeps_a_cell_that_raised(self, begin):
        """What a failing cell did before its error counts, as in Jupyter."""
        session = begin()
        _, failed = session.run("before = 5\n1 / 0\nafter = 6")
        assert failed
        session.run("import os; os._exit(1)")
        assert printed(session, "print(before, 'after' in globals())") == "5 False"

    def test_keeps_a_cell_that_was_interrupted(self, begin):
        """A loop at the end of a cell costs its time; the definitions above it stay."""
        session = begin(Limits(cell_s=0.5))
        outputs, failed = session.run("kept = 1\nwhile True: x = 1")
        assert failed
        assert "interrupted" in outputs[0]["evalue"]
        assert session.restarts == 0
        assert printed(session, "print(kept)") == "1"

    def test_happens_for_a_crash_in_a_call_too(self, begin):
        """A test that kills the process by calling a function does not take the others along."""
        session = begin()
        session.run("import os\ndef leave(): os._exit(0)\ndef stay(): return 3")
        with pytest.raises(SubmissionLost):
            session.line().request({"op": "call", "target": {"n": "leave"}, "args": {"t": []}, "kwargs": {"d": []}})
        reply, _ = session.line().request(
            {"op": "call", "target": {"n": "stay"}, "args": {"t": []}, "kwargs": {"d": []}}
        )
        assert reply["ok"] == 3

    def test_drops_a_cell_that_ends_the_process_the_second_time(self, begin):
        """A cell that only crashes when it is run again is dropped then, and the cells around it stay."""
        session = begin()
        session.run("a = 1")
        session.run("import os, time; (os._exit(1) if 'again' in globals() else None)")
        session._ran[0] = "a = 1; again = True"  # what a later process would see otherwise
        session.run("b = 2")
        session.run("os._exit(1)")
        assert printed(session, "print(a, b)") == "1 2"
        assert [source.partition(";")[0] for source in session._ran] == ["a = 1", "", "b = 2", "", "print(a, b)"]
        assert [source.partition(";")[0] for source, _ in session.left_out] == ["os._exit(1)", "import os, time"]

    def test_ends_after_the_limit(self, begin):
        """A notebook that crashes without end is given up, and every later cell says so."""
        session = begin()
        for _ in range(QUICK.restarts + 1):
            session.run("import os; os._exit(1)")
        outputs, failed = session.run("print('hello')")
        assert failed
        assert "is not started again" in outputs[0]["evalue"]
        with pytest.raises(SubmissionLost, match="was lost 4 times"):
            session.line()

    def test_ends_with_the_notebooks_time(self, begin):
        """Cells that each keep within their limit do not together keep the grader for hours."""
        session = begin(Limits(cell_s=1.0, notebook_s=0.0))
        session.run("1")
        outputs, failed = session.run("print('more')")
        assert failed
        assert "used up" in outputs[0]["evalue"]


class TestFreshness:
    def test_two_sessions_share_nothing(self, begin):
        """Files and names of one are not in the other."""
        first, second = begin(), begin()
        first.run("secret = 1; open('/tmp/note', 'w').write('for the next'); open('/dev/shm/note', 'w').write('x')")
        look = "import os; print('secret' in globals(), os.path.exists('/tmp/note'), os.path.exists('/dev/shm/note'))"
        assert printed(second, look) == "False False False"

    def test_a_restart_forgets_files(self, begin):
        """What a lost process left in its scratch space is gone with it."""
        session = begin()
        session.run("import os; open('/tmp/note', 'w').write('x'); os._exit(1)")
        assert printed(session, "import os; print(os.path.exists('/tmp/note'))") == "False"

    def test_renewing_runs_the_cells_again_and_is_no_restart(self, begin):
        """A second race in a fresh process does not count against the student."""
        session = begin()
        session.run("import os; kept = os.urandom(8)")
        first = printed(session, "print(kept)")
        session.renew()
        assert printed(session, "print(kept)") != first
        assert session.restarts == 0

    def test_no_cell_of_the_course_may_fail_the_second_time_only(self, begin):
        """The reference is never raced or asked with half of the solution missing: that is a fault, not a student's."""
        session = begin(link=Link(QUICK, trusted=True), ran=["base = missing"])
        session.renew()
        for _ in range(2):  # nor at the next use
            with pytest.raises(CourseError, match="fails when it is run again"):
                session.line()

    def test_knows_whether_its_first_process_still_runs(self, begin):
        """A reference process goes back to the shelf only when nothing happened to it."""
        link = Link(QUICK)
        session = begin(link=link)
        assert session.intact
        session.run("1")
        assert session.intact
        session.run("import os; os._exit(1)")
        session.run("1")
        assert not session.intact

    def test_closing_reports_the_cpu_time_of_all_processes(self, begin):
        """Lost ones included; the sum only grows."""
        session = begin()
        session.run("import time\nend = time.process_time() + 0.1\nwhile time.process_time() < end: pass")
        session.run("import os; os._exit(0)")
        session.run("1")
        assert session.close() > 0


class TestOutputs:
    def test_of_an_honest_cell_arrive(self, begin):
        """Print, stderr, a result and an error, in nbformat's shape."""
        session = begin()
        outputs, _ = session.run("import sys; print('out'); print('err', file=sys.stderr); 6 * 7")
        assert [(o["output_type"], o.get("name")) for o in outputs] == [
            ("stream", "stdout"), ("stream", "stderr"), ("execute_result", None),
        ]  # fmt: skip
        assert outputs[2]["data"]["text/plain"] == "42"

    @pytest.mark.parametrize(
        "forged",
        [
            3, None, [], {}, {"output_type": "nonsense"}, {"output_type": "stream", "text": [1, 2], "name": 7},
            {"output_type": "error", "traceback": 5}, {"output_type": "display_data", "data": [1]},
            {"output_type": "execute_result", "data": {"text/plain": 7}, "execution_count": "x", "metadata": 3},
        ],
        ids=str,
    )  # fmt: skip
    def test_that_are_forged_become_valid_or_nothing(self, begin, forged):
        """Whatever a process claims to have shown, the graded notebook stays a notebook."""
        session = begin()
        session.run(
            "import gc, time; from kernelmark.wire.channel import Channel\n"
            "line = next(o for o in gc.get_objects() if isinstance(o, Channel))"
        )
        outputs, _ = session.run(f"line.send({{'ok': {{'outputs': [{forged!r}], 'failed': False}}}})\ntime.sleep(0.1)")
        cell = nbformat.v4.new_code_cell("", outputs=[nbformat.from_dict(output) for output in outputs])
        nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))

    def test_that_are_missing_are_the_students_error(self, begin):
        """An answer without outputs fails the cell, and grading goes on."""
        session = begin()
        session.run(
            "import gc, time; from kernelmark.wire.channel import Channel\n"
            "line = next(o for o in gc.get_objects() if isinstance(o, Channel))"
        )
        outputs, failed = session.run("line.send({'ok': 7}); time.sleep(600)")
        assert failed
        assert "nonsense" in outputs[0]["evalue"]

    def test_of_an_error_are_one_line(self):
        """An exception of the grader's as a notebook output, without a traceback of the grader's code."""
        output = error_output(SubmissionError("it hung"))
        assert output["traceback"] == ["SubmissionError: it hung"]
