"""One sandboxed process and the line to it, live: whatever happens there comes out as the student's error."""

import dataclasses
import errno
import json
import math
import operator
import os
import signal
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from kernelmark.errors import SubmissionError, SubmissionLost
from kernelmark.sandbox import link as links
from kernelmark.sandbox.limits import Limits
from kernelmark.sandbox.link import Link, Patience
from kernelmark.stopwatch import clock
from kernelmark.wire import proxy
from kernelmark.wire.proxy import Proxy, remote_traceback

LIMITS = Limits(cell_s=20.0, memory_bytes=300 * 2**20)
# For what never ends by itself.
HASTE_S = 0.5

# Found by whoever looks: the server's own channel, as submitted code can reach it.
FIND_THE_LINE = textwrap.dedent(
    """
    import gc, json, os, struct
    from kernelmark.wire.channel import Channel
    line = next(o for o in gc.get_objects() if isinstance(o, Channel))
    descriptor = line._connection.fileno()
    def forge(header, sizes=(), total=0, in_region=0):
        text = json.dumps([header, list(sizes)]).encode()
        os.write(descriptor, struct.pack('!IQB', len(text), total, in_region) + text)
    """
)


@pytest.fixture
def patience():
    """How long `link` waits; a test that hangs on purpose shortens it."""
    return Patience(LIMITS.cell_s)


@pytest.fixture
def link(patience):
    started = Link(LIMITS, patience=patience)
    yield started
    started.close()


@pytest.fixture
def parent(patience):
    """A link whose process may start others."""
    started = Link(dataclasses.replace(LIMITS, children=True), patience=patience)
    yield started
    started.close()


@pytest.fixture(scope="module")
def shared():
    """A link for tests that leave its process as they found it."""
    started = Link(LIMITS)
    yield started
    started.close()


def run(link, source):
    """Run a cell; return what it printed and whether it failed."""
    reply, _ = link.request({"op": "cell", "source": textwrap.dedent(source)})
    return "".join(o.get("text", "") for o in reply["ok"]["outputs"]), reply["ok"]["failed"]


def function(link, name):
    return Proxy(lambda: link, {"n": name}, name)


def is_gone(pid):
    """Say whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def is_stopped(pid):
    """Say whether the main thread of a process is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "T"


def timed(link, name, batch, **kwargs):
    return link.timed({"n": name}, batch, (), kwargs)


class TestCells:
    def test_print_and_keep_their_names(self, shared):
        """A cell sees what an earlier one defined."""
        assert run(shared, "kept = 41") == ("", False)
        assert run(shared, "print(kept + 1)") == ("42\n", False)

    def test_that_raise_say_so_and_the_process_lives(self, shared):
        """An error is an output, and the next cell runs."""
        reply, _ = shared.request({"op": "cell", "source": "1 / 0"})
        assert reply["ok"]["failed"] is True
        assert reply["ok"]["outputs"][-1]["ename"] == "ZeroDivisionError"
        assert run(shared, "print('on')") == ("on\n", False)

    @pytest.mark.parametrize(
        "source", ["import sys; sys.exit()", "raise SystemExit(3)", "exit()", "raise KeyboardInterrupt"]
    )
    def test_that_leave_by_an_exception_do_not_end_the_process(self, shared, source):
        """`exit()` in a notebook ends the cell, as in Jupyter."""
        shared.request({"op": "cell", "source": source})
        assert run(shared, "print('on')") == ("on\n", False)

    @pytest.mark.parametrize(
        "source", ["import sys; while True", "def f(:", "  x = 1\n y = 2", "\0", "%nonsense", "!ls /"]
    )
    def test_that_are_no_python_harm_nothing(self, shared, source):
        """A syntax error, a magic that is none, a shell that is not there."""
        shared.request({"op": "cell", "source": source})
        assert run(shared, "print('on')") == ("on\n", False)

    def test_that_print_without_end_are_cut(self, shared):
        """A hundred megabytes of output arrive as a bounded text with a note."""
        text, failed = run(shared, "for _ in range(100): print('x' * 10**6)")
        assert not failed
        assert len(text) < 250_000
        assert "output cut" in text

    def test_that_show_too_much_are_cut(self, shared):
        """A display of many megabytes is replaced by a note."""
        source = "from IPython.display import display, HTML\nfor _ in range(3): display(HTML('x' * 3_000_000))"
        reply, _ = shared.request({"op": "cell", "source": source})
        shown = reply["ok"]["outputs"]
        assert sum(len(str(o["data"])) for o in shown) < 5 * 2**20
        assert "output dropped" in str(shown[-1])


class TestCalls:
    def test_return_what_the_function_returns(self, shared):
        """Arguments go there, results come back, arrays included."""
        run(shared, "def scale(a, by=2): return by * a, 'done'")
        array, word = function(shared, "scale")(np.arange(3.0), by=3)
        np.testing.assert_array_equal(array, [0.0, 3.0, 6.0])
        assert word == "done"

    def test_write_into_the_arrays_of_the_caller(self, shared):
        """A function that works in place does so in the judge's array, and touches no other."""
        run(shared, "def fill(a, b): a[1:] = b[0]")
        a, b = np.zeros(3), np.ones(1)
        function(shared, "fill")(a, b)
        np.testing.assert_array_equal(a, [0.0, 1.0, 1.0])
        np.testing.assert_array_equal(b, [1.0])

    def test_raise_what_the_function_raises(self, shared):
        """The nearest builtin type, the message, and the student's own traceback."""
        run(
            shared,
            """
            class ShapeError(ValueError): pass
            def refuse(): raise ShapeError('not square')
            """,
        )
        with pytest.raises(ValueError, match="ShapeError: not square") as caught:
            function(shared, "refuse")()
        assert "def refuse" in remote_traceback(caught.value)
        assert run(shared, "print('on')") == ("on\n", False)

    @pytest.mark.parametrize("leave", ["raise SystemExit", "raise KeyboardInterrupt", "raise GeneratorExit"])
    def test_that_try_to_leave_are_errors(self, shared, leave):
        """What ends a process elsewhere is an error of the call here."""
        run(shared, f"def leave(): {leave}")
        with pytest.raises(SubmissionError):
            function(shared, "leave")()
        assert run(shared, "print('on')") == ("on\n", False)

    def test_of_a_missing_function_say_so(self, shared):
        """The name that was not defined is named."""
        with pytest.raises(NameError, match="'never_written' is not defined"):
            function(shared, "never_written")()

    def test_an_exception_that_cannot_be_shown_is_an_error_all_the_same(self, shared):
        """A message that raises when it is asked for breaks nothing."""
        run(
            shared,
            """
            class Shy(ValueError):
                def __str__(self): raise RuntimeError
                __repr__ = __str__
            def refuse(): raise Shy
            """,
        )
        with pytest.raises(ValueError, match="cannot be shown"):
            function(shared, "refuse")()

    def test_of_our_own_functions_come_back_here(self, shared):
        """A callback runs in the judge, and its result goes to the student's function."""
        heard = []
        run(shared, "def twice(f): return f(1) + f(2)")
        assert function(shared, "twice")(lambda x: heard.append(x) or 10 * x) == 30
        assert heard == [1, 2]

    def test_an_error_in_a_callback_stays_with_the_student(self, shared):
        """The judge goes on; the call sees an error and may handle it."""

        def refuse(x):
            raise ValueError("no such row")

        run(
            shared,
            """
            def handled(f):
                try: f(1)
                except Exception as error: return str(error)
            """,
        )
        assert "no such row" in function(shared, "handled")(refuse)

    def test_a_missing_name_as_an_argument_is_an_error_of_the_call(self, shared):
        """A test may hand one of the student's functions to another; one that is not there ends nothing."""
        run(shared, "def apply(f, x): return f(x)")
        with pytest.raises(NameError, match="nowhere"):
            function(shared, "apply")(function(shared, "nowhere"), 3)
        assert run(shared, "print(7)") == ("7\n", False)

    def test_objects_stay_there_and_can_be_used_from_here(self, shared):
        """A class of the student's: made, called, read, written, iterated by handle."""
        run(
            shared,
            """
            class Cache:
                def __init__(self, size): self.size, self.seen = size, []
                def touch(self, key): self.seen.append(key); return len(self.seen)
                def __len__(self): return len(self.seen)
                def __iter__(self): return iter(self.seen)
                def __getitem__(self, at): return self.seen[at]
            """,
        )
        cache = function(shared, "Cache")(4)
        assert [cache.touch("a"), cache.touch("b")] == [1, 2]
        assert (cache.size, len(cache), list(cache), cache[1]) == (4, 2, ["a", "b"], "b")
        cache.size = 9
        assert cache.size == 9

    def test_an_equality_of_the_students_own_is_never_asked(self, shared):
        """An object that equals everything equals nothing here, and differs from nothing."""
        run(
            shared,
            """
            class Agreeable:
                def __eq__(self, other): return True
                def __lt__(self, other): return True
                def __bool__(self): return True
            def agree(): return Agreeable()
            """,
        )
        found = function(shared, "agree")()
        for compare in (operator.eq, operator.ne, operator.lt):
            with pytest.raises(SubmissionError, match="in a process of its own"):
                compare(found, 3)


class TestEnds:
    @pytest.mark.parametrize(
        ("source", "words"),
        [
            ("import os; os._exit(3)", "exit status 3"),
            ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed"),
            ("import ctypes; ctypes.string_at(0)", "ended by itself"),
            ("import os\nos.close(line._connection.fileno())", "process of your code"),
            ("import os\nfor n in range(256):\n    try: os.close(n)\n    except OSError: pass", "process of your code"),
        ],
        ids=["os._exit", "SIGKILL", "segfault", "closes the line", "closes everything"],
    )
    def test_of_the_process_are_told_to_the_student(self, link, source, words):
        """However it ends, the error says so, the process is gone, and the next request says it again."""
        run(link, FIND_THE_LINE)
        with pytest.raises(SubmissionLost, match=words):
            run(link, source)
        assert not link.alive
        assert is_gone(link.pid)
        with pytest.raises(SubmissionLost):
            run(link, "1")

    def test_in_a_call_are_no_different(self, link):
        """A function that exits takes its process along, and says so."""
        run(link, "import os\ndef leave(): os._exit(0)")
        with pytest.raises(SubmissionLost, match="exit status 0"):
            function(link, "leave")()

    @pytest.mark.parametrize("wait", ["while True: time.sleep(0.001)", "time.sleep(600)", "select.select([], [], [])"])
    def test_of_patience_interrupt_what_runs(self, link, patience, wait):
        """A loop, a sleep and a wait are interrupted at the limit; names and process survive."""
        run(link, "import select, time\nkept = 1")
        patience.seconds = HASTE_S
        with pytest.raises(SubmissionError, match=r"did not finish within 0\.5 s and was interrupted") as caught:
            run(link, f"try:\n    {wait}\nexcept KeyboardInterrupt:\n    interrupted = True\n    raise")
        assert not isinstance(caught.value, SubmissionLost)
        assert run(link, "print(kept, interrupted)") == ("1 True\n", False)

    @pytest.mark.parametrize(
        "source",
        [
            "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
            "import time\nwhile True:\n    try: time.sleep(600)\n    except BaseException: pass",
            "sum(range(10**13))",
        ],
        ids=["ignores the signal", "catches everything", "never looks"],
    )
    def test_of_what_ignores_the_interrupt_are_by_force(self, link, patience, source, monkeypatch):
        """A loop that cannot be interrupted is killed after a grace, and the student is told."""
        monkeypatch.setattr(links, "GRACE_S", 0.3)
        patience.seconds = HASTE_S
        with pytest.raises(SubmissionLost, match="did not stop when interrupted"):
            run(link, source)
        assert is_gone(link.pid)

    @pytest.mark.parametrize("where", ["cell", "call", "child"])
    def test_of_a_memory_flood_come_before_the_hosts(self, parent, where):
        """Above its limit the process is ended and the student told; memory of helpers counts too."""
        flood = "hoard = []\nfor _ in range(100): hoard.append(b'x' * 2**23)\ntime.sleep(600)"
        source = {
            "cell": flood,
            "call": f"def flood():\n{textwrap.indent(flood, '    ')}",
            "child": f"if os.fork() == 0:\n{textwrap.indent(flood, '    ')}\ntime.sleep(600)",
        }[where]
        source = f"import os, time\n{source}"
        if where == "call":
            run(parent, source)
        with pytest.raises(SubmissionLost, match="more than 300 MiB of memory"):
            function(parent, "flood")() if where == "call" else run(parent, source)
        assert is_gone(parent.pid)


class Answering:
    """A line on which every request gets the same forged answer."""

    def __init__(self, answer):
        self.answer = answer

    def request(self, header, buffers=(), timeout_s=None):
        return json.loads(json.dumps(self.answer)), [b"\0" * 8]


class TestNonsense:
    @pytest.mark.parametrize(
        "forgery",
        [
            "os.write(descriptor, b'nonsense' * 100)",
            "os.write(descriptor, struct.pack('!IQB', 2**32 - 1, 0, 0))",
            "os.write(descriptor, struct.pack('!IQB', 10, 2**62, 1) + b'0123456789')",
            "forge(3)",
            "forge(None)",
            "forge('ok')",
            "forge({}, [5])",
            "forge({'callback': 99, 'args': {'t': []}, 'kwargs': {'d': []}})",
            "forge({'callback': -1, 'args': {'t': []}, 'kwargs': {'d': []}})",
            "forge({'callback': 0, 'args': {'h': {}}, 'kwargs': 7})",
        ],
    )
    def test_on_the_line_costs_the_process_and_nothing_else(self, link, forgery):
        """Wrong lengths, wrong kinds, callbacks that were never given."""
        run(link, FIND_THE_LINE)
        with pytest.raises(SubmissionLost, match="nonsense on the line"):
            run(link, f"{forgery}\nimport time; time.sleep(600)")
        assert is_gone(link.pid)

    @pytest.mark.parametrize(
        "answer",
        [
            {"ok": {"a": [0, "|O", [1], None, True]}},
            {"ok": {"a": [0, "<f8", [2**40], None, True]}},
            {"ok": {"h": "0"}},
            {"ok": {"k": 0}},
            {"ok": {"n": "os"}},
            {"ok": {"g": [{"h": 0}, "x"]}},
            {"ok": {"f": "os.system"}},
            {"ok": {"v": ["os", {}]}},
            {"ok": [{"t": 5}]},
            {"ok": 1, "changed": [[7, 7]]},
            {"ok": 1, "changed": 7},
            {"ok": 1, "values": 7},
        ],
        ids=str,
    )
    def test_as_an_answer_to_a_call_is_the_students_error(self, answer):
        """A forged answer is plain data or a SubmissionError; the judge looks nothing up for it."""
        with pytest.raises(SubmissionError):
            function(Answering(answer), "lie")(np.zeros(2))

    def test_an_exception_of_a_forged_type_is_never_more_than_an_exception(self):
        """Neither SystemExit nor a name of some module ends the judge."""
        for kind in (
            "SystemExit",
            "KeyboardInterrupt",
            "BaseException",
            "os",
            "eval",
            "__import__",
            "print",
        ):
            with pytest.raises(SubmissionError, match="message"):
                proxy.checked({"error": {"type": kind, "name": "x", "message": "message"}})
        with pytest.raises(UnicodeError, match="message"):  # the nearest kind that is made from a message alone
            proxy.checked({"error": {"type": "UnicodeDecodeError", "name": "x", "message": "message"}})
        for odd in (3, None, [], {"type": [], "message": {}}, {"type": "ValueError"}):
            with pytest.raises((SubmissionError, ValueError)):
                proxy.checked({"error": odd})


class TestTimed:
    def test_returns_outputs_and_both_times(self, shared):
        """One output for each of the inputs, and times that are above zero."""
        run(shared, "def double(x): return 2 * x")
        value = timed(shared, "double", [(1,), (2,), (np.arange(3.0),)])
        assert value.outputs[:2] == [2, 4]
        np.testing.assert_array_equal(value.outputs[2], [0.0, 2.0, 4.0])
        assert value.cpu_s > 0
        assert value.wall_s > 0

    def test_numbers_and_arrays_keep_their_places(self, shared):
        """Numbers, arrays and what is neither may stand side by side, in any order, and keep their types."""
        run(shared, "def seen(*given): return [(type(g).__name__, g) for g in given]")
        batch = [(1, np.arange(2.0), 0.5, True), (2**70, np.arange(3), -1.5, False)]
        first, second = timed(shared, "seen", batch).outputs
        assert [kind for kind, _ in first] == ["int", "ndarray", "float", "bool"]
        assert [kind for kind, _ in second] == ["int", "ndarray", "float", "bool"]
        assert second[0][1] == 2**70
        np.testing.assert_array_equal(second[1][1], [0, 1, 2])
        (other,) = timed(shared, "seen", [(math.inf, "text", None)]).outputs
        assert [kind for kind, _ in other] == ["float", "str", "NoneType"]

    @pytest.mark.parametrize("values", [[1, 2**70, -3], [0.5, math.inf, -0.0], [True, False]], ids=repr)
    def test_results_that_are_numbers_cross_exactly(self, shared, values):
        """They take a shorter way, and come out with the value and the type they had."""
        run(shared, "def same(index, values): return values[index]")
        batch = [(index,) for index in range(len(values))]
        outputs = timed(shared, "same", batch, values=values).outputs
        assert [repr(output) for output in outputs] == [repr(value) for value in values]

    def test_leaves_the_process_stopped(self, shared):
        """Nothing is prepared for the next call, or finished late, between two of them."""
        run(shared, "def double(x): return 2 * x")
        timed(shared, "double", [(1,)])
        before = clock.cpu_seconds(shared.pid)
        for task in os.listdir(f"/proc/{shared.pid}/task"):
            assert Path(f"/proc/{shared.pid}/task/{task}/stat").read_text().rpartition(") ")[2][0] in "Tt"
        assert clock.cpu_seconds(shared.pid) == before
        assert run(shared, "print('on')") == ("on\n", False)

    def test_counts_the_work_of_every_thread(self, shared):
        """Work handed to a thread is on the same clock: it costs at least what it would alone."""
        run(
            shared,
            """
            import threading, time
            def work():
                end = time.thread_time() + 0.05
                while time.thread_time() < end: pass
            def hidden(x):
                thread = threading.Thread(target=work); thread.start(); thread.join()
                return x
            """,
        )
        assert timed(shared, "hidden", [(1,)]).cpu_s >= 0.05

    def test_a_clock_stopped_there_goes_on_here(self, shared):
        """Replacing every clock of Python's changes nothing of what was used."""
        run(
            shared,
            """
            import time
            thread_time = time.thread_time
            def work(x):
                end = thread_time() + 0.03
                while thread_time() < end: pass
                return x
            time.perf_counter = time.process_time = time.monotonic = time.time = lambda: 0.0
            """,
        )
        try:
            assert timed(shared, "work", [(1,)]).cpu_s >= 0.03
        finally:
            run(shared, "import importlib; importlib.reload(time)")

    def test_an_error_of_the_function_comes_out(self, shared):
        """As in any other call."""
        run(shared, "def refuse(x): raise ValueError('too small')")
        with pytest.raises(ValueError, match="too small"):
            timed(shared, "refuse", [(1,)])
        assert run(shared, "print('on')") == ("on\n", False)

    @pytest.mark.parametrize(
        "start",
        [
            "child = os.fork()\nif child == 0: time.sleep(600)",
            "if os.fork() == 0:\n    if os.fork() == 0: time.sleep(600)\n    os._exit(0)\nos.wait()",
            "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(600)\n    os._exit(0)\nos.wait()",
        ],
        ids=["child", "orphan", "daemon"],
    )
    @pytest.mark.parametrize("when", ["before", "during"])
    def test_refuses_a_helper_process(self, parent, start, when):
        """Work in a process whose CPU time nobody counts is found, whether started before or in the call."""
        body = start if when == "during" else "pass"
        run(parent, f"import os, time\ndef helped(x):\n{textwrap.indent(body, '    ')}\n    return x")
        if when == "before":
            run(parent, start)
        with pytest.raises(SubmissionLost, match="started another process"):
            timed(parent, "helped", [(1,)])

    @pytest.mark.parametrize(
        "start", ["os.fork()", "os.posix_spawn('/bin/true', ['true'], {})", "subprocess.run(['/bin/true'])"]
    )
    def test_no_process_can_be_started_by_default(self, shared, start):
        """A child that the submission reaps itself would leave no trace on any clock."""
        source = f"import os, subprocess\ntry: {start}\nexcept PermissionError: print('refused')"
        assert run(shared, source) == ("refused\n", False)

    def test_memory_that_nobody_counts_is_refused_with_child_processes_allowed(self, parent):
        """Shared memory has a name below /dev/shm and a size, or there is none."""
        source = """
            import os
            from multiprocessing.shared_memory import SharedMemory
            try: os.memfd_create("x")
            except PermissionError: print("refused")
            block = SharedMemory(create=True, size=100)
            print(len(os.listdir("/dev/shm")))
            block.close(); block.unlink()
            print(len(os.listdir("/dev/shm")))
            """
        assert run(parent, source) == ("refused\n1\n0\n", False)

    def test_threads_can_be_started(self, shared):
        """Threads are on the clock, so they are allowed."""
        source = "import threading\nt = threading.Thread(target=print, args=(7,))\nt.start()\nt.join()"
        assert run(shared, source) == ("7\n", False)

    def test_a_function_of_the_test_may_be_kept_for_a_later_call(self, link):
        """A registry keeps what it was given; once the test is over it gets an error, and the line stays clean."""
        run(link, "kept = []\ndef keep(f): kept.append(f)\ndef use(x): return kept[0](x)")
        function(link, "keep")(lambda x: x + 1)
        assert function(link, "use")(20) == 21
        link.forget_callbacks()
        with pytest.raises(Exception, match="belonged to a test that is over"):
            function(link, "use")(20)
        assert run(link, "print(7)") == ("7\n", False)

    def test_a_callback_in_a_timed_call_is_refused(self, link):
        """The clock is read at the first word after "go": what came after it would be free."""
        run(link, "kept = []\ndef keep(f): kept.append(f)\ndef cheat(x): return kept[0](x)")
        function(link, "keep")(lambda x: x)
        with pytest.raises(RuntimeError, match="not in a timed call"):
            timed(link, "cheat", [(1,)])
        run(link, FIND_THE_LINE)
        run(
            link,
            """
            import gc
            server = next(o for o in gc.get_objects() if type(o).__name__ == "Server")
            def forge(x):
                line.send({"callback": 0, "id": server._identity, "args": {"t": [1]}, "kwargs": {"d": []}})
                return x
            """,
        )
        with pytest.raises(SubmissionLost, match="a callback in a timed call"):
            timed(link, "forge", [(1,)])

    def test_a_callback_used_late_or_in_a_thread_disturbs_nothing(self, link):
        """A thread that keeps what was passed in gets an error, and the line stays clean."""
        run(
            link,
            """
            import threading, time
            said = []
            def keep(ask):
                def later():
                    time.sleep(0.2)
                    try: ask(1)
                    except RuntimeError as error: said.append(str(error))
                threading.Thread(target=later).start()
                return ask(20)
            """,
        )
        assert function(link, "keep")(lambda x: x + 1) == 21
        assert run(link, "time.sleep(0.4)\nprint(said)") == (
            "['a function of the test can be used in the main thread only, and not in a timed call']\n",
            False,
        )

    def test_the_layout_of_an_output_cannot_be_forged(self, link):
        """A view costs what it saved: outputs of timed calls must cross in C order."""
        run(
            link,
            """
            from kernelmark.wire import values as wire
            raw = wire._raw
            wire._raw = lambda array, contiguous: raw(array, contiguous=False)
            def work(A): return A.T
            """,
        )
        with pytest.raises(SubmissionError, match="C order"):
            timed(link, "work", [(np.zeros((40, 60)),)])

    def test_a_helper_that_ended_in_time_is_seen(self, parent):
        """The CPU time of a child that was waited for is nobody's, so it may not be used."""
        run(
            parent,
            """
            import mmap, os, time
            box = mmap.mmap(-1, 8)
            def helped(x):
                if os.fork() == 0:
                    end = time.process_time() + 0.05
                    while time.process_time() < end: pass
                    box[0] = 2 * x
                    os._exit(0)
                os.wait()
                return box[0]
            """,
        )
        with pytest.raises(SubmissionLost, match="started another process"):
            timed(parent, "helped", [(1,)])

    @pytest.mark.parametrize("inputs", ["np.arange(3.0)", "3"], ids=["array", "number"])
    def test_nothing_can_be_worked_out_before_the_clock_starts(self, link, inputs):
        """A server whose handler was replaced sees no input before "go": early work gives wrong outputs."""
        run(
            link,
            """
            import gc
            import numpy as np
            import kernelmark.wire.values as wire
            def work(x):
                return 2 * x
            def cheat(self, buffers, target, calls, args, kwargs):
                known = [wire.views(self._channel.inbox, c) for c in calls]
                early = [work(*(3 if value is None else value for value in inputs)) for inputs in known]
                encoder = wire.Encoder(self._leave)
                reply = {"ok": encoder.encode(early)}
                self._answer({"ok": "ready"})
                go, _ = self._channel.receive()
                self._answer(reply, encoder.sent.buffers, through_region=True)
            for found in gc.get_objects():
                if isinstance(found, dict) and "timed" in found and callable(found["timed"]):
                    found["timed"] = cheat.__get__(found["timed"].__self__)
            """,
        )
        sent = np.arange(1.0, 4.0) if inputs.startswith("np") else 4
        (output,) = timed(link, "work", [(sent,)]).outputs
        assert not np.array_equal(output, 2 * np.asarray(sent))

    def test_a_call_without_end_is_interrupted(self, link, patience):
        """The limit of a cell holds for a timed call too, and the process comes back."""
        run(link, "def forever(x):\n    while True: y = x")
        patience.seconds = HASTE_S
        with pytest.raises(SubmissionError, match=r"did not finish within 0\.5 s"):
            timed(link, "forever", [(1,)])
        assert run(link, "print('on')") == ("on\n", False)

    def test_a_process_that_ends_in_a_timed_call_is_lost(self, link):
        """No time and no outputs come of it."""
        run(link, "import os\ndef leave(x): os._exit(0)")
        with pytest.raises(SubmissionLost):
            timed(link, "leave", [(1,)])

    def test_outputs_are_those_at_done(self, link):
        """A thread that finishes the answer after "done" is too late: what counts is what lay there then."""
        run(
            link,
            """
            import threading, time
            import numpy as np
            def late(x):
                answer = np.zeros(1000)
                def finish():
                    time.sleep(0.2)
                    answer[:] = x
                threading.Thread(target=finish).start()
                return answer
            """,
        )
        (output,) = timed(link, "late", [(7.0,)]).outputs
        time.sleep(0.4)
        assert (output == 0).all()

    def test_an_early_done_does_not_bring_the_answer(self, link):
        """An announcement forged before the work is done freezes the process: the right answer is not in it.

        The region is written by a thread while the judge reads; the judge stops the
        process before it looks.
        """
        run(
            link,
            FIND_THE_LINE
            + textwrap.dedent(
                """
                def early(x):
                    size = 8 * 1000
                    forge({'ok': [{'a': [0, '<f8', [1000], None, True]}]}, [size], size, 1)
                    total = 0.0
                    for _ in range(3_000_000): total += 1e-9   # the work, after the announcement
                    line._outbox[:size] = np.full(1000, x + round(total - 0.003, 6)).tobytes()
                    return np.zeros(1000)
                import numpy as np
                """
            ),
        )
        try:
            outputs = timed(link, "early", [(7.0,)]).outputs
        except SubmissionError:
            return
        assert not (outputs[0] == 7.0).all()

    def test_a_process_that_ends_after_it_was_done_is_lost(self, link):
        """Ended at the last moment (by its own flood of memory, say), it is the student's loss and nobody else's."""
        run(link, "def right(x): return x")
        receive = link.channel.receive

        def receive_and_end(pause):
            found = receive(pause)
            if is_stopped(link.pid):
                link._started.kill()
                link._started.process.wait()
            return found

        link.channel.receive = receive_and_end
        with pytest.raises(SubmissionLost):
            timed(link, "right", [(1,)])

    def test_an_ended_process_is_found_at_the_next_request(self, link):
        """To pin what has ended is no error; the request that follows says what happened."""
        run(link, "import os, threading; threading.Timer(0.05, os._exit, [3]).start()")
        while not is_gone(link.pid):
            time.sleep(0.01)
        link.pin(max(os.sched_getaffinity(0)))
        with pytest.raises(SubmissionLost, match="exit status 3"):
            timed(link, "right", [(1,)])

    @pytest.mark.parametrize("moment", ["before its outputs are taken", "while the other side runs"])
    def test_a_process_that_goes_on_while_it_is_stopped_is_lost(self, link, moment):
        """However it is continued (a kernel timer can send SIGCONT), work after the last reading is found out."""
        run(
            link,
            """
            import threading
            def spin():
                while True: pass
            def begin(x):
                threading.Thread(target=spin, daemon=True).start()
                return x
            """,
        )

        def go_on():
            before_s = clock.used_seconds(link.pid)
            os.kill(link.pid, signal.SIGCONT)
            while clock.used_seconds(link.pid) < before_s + 0.01:
                time.sleep(0.005)

        if moment.startswith("before"):
            receive, stops = link.channel.receive, []

            def receive_late(pause):
                return receive(lambda: (pause(), is_stopped(link.pid) and stops.append(go_on())))

            link.channel.receive = receive_late
            with pytest.raises(SubmissionLost, match="went on while it was stopped"):
                timed(link, "begin", [(1,)])
            assert stops
        else:
            timed(link, "begin", [(1,)])
            go_on()
            with pytest.raises(SubmissionLost, match="went on while it was stopped"):
                timed(link, "begin", [(1,)])

    @pytest.mark.parametrize(
        "door",
        [
            "timer = ctypes.c_void_p(); assert libc.timer_create(1, None, ctypes.byref(timer)) < 0",
            "assert libc.timerfd_create(1, 0) < 0",
            "a, b = socket.socketpair(); fcntl.fcntl(a, 10, 18)",
            "socket.socket(socket.AF_INET)",
            "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        ],
        ids=["timer", "timer descriptor", "signal for a message", "network", "network, newer"],
    )
    def test_nothing_can_be_asked_of_the_kernel_for_the_time_of_being_stopped(self, shared, door):
        """Neither a SIGCONT, nor interrupts by the thousand that are charged to whoever runs instead."""
        said, failed = run(
            shared,
            f"""
            import ctypes, fcntl, socket
            libc = ctypes.CDLL(None)
            try:
                {door}
                print("refused" if "assert" in {door!r} else "granted")
            except OSError:
                print("refused")
            """,
        )
        assert (said, failed) == ("refused\n", False)

    @pytest.mark.parametrize(
        "answer",
        [
            {"ok": 7}, {"ok": {"d": []}}, {"ok": None}, {}, {"ok": {"k": 1}}, {"ok": [{"a": 1}]}, {"ok": []},
            {"ok": [1, 2]},
            {"ok": {"d": [["stack", {"a": [0, "<f8", [10**6, 0], None, True]}]]}},
        ],
        ids=str,
    )  # fmt: skip
    def test_a_forged_answer_that_is_no_list_is_nonsense(self, link, answer):
        """Outputs are a list of plain values, or the student's error."""
        run(link, f"{FIND_THE_LINE}\ndef lie(x): forge({answer!r}, [0], 0, 1); import time; time.sleep(600)")
        with pytest.raises(SubmissionError):
            timed(link, "lie", [(1,)])

    def test_an_object_is_no_output(self, shared):
        """What stays behind in the process, to be computed when it is looked at, is no answer."""
        run(
            shared,
            """
            class Lazy:
                def __array__(self): return work()
            def lazy(x): return Lazy()
            """,
        )
        (output,) = timed(shared, "lazy", [(1,)]).outputs
        assert output == "an object of type Lazy"


class TestPatience:
    def test_halves_with_every_hang_down_to_three_seconds(self):
        """Many tests of one function that hangs do not together take ten minutes."""
        patience = Patience(30.0)
        waited = [patience.seconds]
        for _ in range(5):
            patience.shorten()
            waited.append(patience.seconds)
        assert waited == [30.0, 15.0, 7.5, 3.75, 3.0, 3.0]

    def test_never_grows(self):
        """An instructor who asks for one second gets one second, after a hang too."""
        patience = Patience(1.0)
        patience.shorten()
        assert patience.seconds == 1.0


class TestClose:
    def test_gives_everything_back(self):
        """Descriptors, shared memory and processes of a link are gone when it is closed."""
        before = set(os.listdir("/proc/self/fd"))
        link = Link(LIMITS, watch=False)
        regions = list(link._regions)
        link.close()
        assert is_gone(link.pid)
        for region in regions:
            with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
                os.fstat(region)
        left = [
            os.readlink(f"/proc/self/fd/{n}")
            for n in set(os.listdir("/proc/self/fd")) - before
            if os.path.islink(f"/proc/self/fd/{n}")
        ]
        assert not [target for target in left if target.startswith("socket:")]

    def test_twice_is_once(self):
        """Closing what is closed is no error."""
        link = Link(LIMITS, watch=False)
        link.close()
        link.close()
        assert not link.alive


def test_pin_keeps_the_whole_process_on_one_processor(link):
    """A helper thread on another core must not help."""
    run(
        link,
        "import threading, time\n"
        "for _ in range(3): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
    )
    link.pin(max(os.sched_getaffinity(0)))
    allowed = {tuple(os.sched_getaffinity(int(task))) for task in os.listdir(f"/proc/{link.pid}/task")}
    assert allowed == {(max(os.sched_getaffinity(0)),)}
    assert len(os.listdir(f"/proc/{link.pid}/task")) >= 4


def test_shared_memory_cannot_be_cut_under_the_judge(link):
    """A region that shrinks while the judge reads it would kill the judge: it is sealed."""
    said, _ = run(
        link,
        FIND_THE_LINE
        + textwrap.dedent(
            """
            for name in ('_inbox', '_outbox'):
                try: getattr(line, name).resize(4096)
                except (OSError, SystemError, ValueError, BufferError) as error: print(type(error).__name__)
            """
        ),
    )
    assert len(said.split()) == 2
