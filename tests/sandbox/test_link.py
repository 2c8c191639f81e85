"""One sandboxed process and the line to it, live: whatever happens there comes out as the student's error."""

import gc
import json
import operator
import os
import textwrap
from pathlib import Path

import numpy as np
import pytest

from kernelmark.errors import SubmissionError, SubmissionLost
from kernelmark.lab import shared_segments
from kernelmark.sandbox import link as links
from kernelmark.sandbox.link import Link
from kernelmark.sandbox.turns import Patience
from kernelmark.wire import raised
from kernelmark.wire.raised import remote_traceback
from tests.sandbox.linked import FIND_THE_LINE, HASTE_S, LIMITS, function, is_gone, run


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
                raised.checked({"error": {"type": kind, "name": "x", "message": "message"}})
        with pytest.raises(UnicodeError, match="message"):  # the nearest kind that is made from a message alone
            raised.checked({"error": {"type": "UnicodeDecodeError", "name": "x", "message": "message"}})
        for odd in (3, None, [], {"type": [], "message": {}}, {"type": "ValueError"}):
            with pytest.raises((SubmissionError, ValueError)):
                raised.checked({"error": odd})


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
        Link(LIMITS, watch=False).close()  # what the first one starts for all that follow stays
        gc.collect()  # links of other tests

        def regions() -> set[str]:
            return {line for line in Path("/proc/self/maps").read_text().splitlines() if "memfd:kernelmark" in line}

        before, mapped = set(os.listdir("/proc/self/fd")), regions()
        link = Link(LIMITS, watch=False)
        assert regions() - mapped
        link.close()
        assert is_gone(link.pid)
        assert regions() <= mapped
        left = [
            os.readlink(f"/proc/self/fd/{n}")
            for n in set(os.listdir("/proc/self/fd")) - before
            if os.path.islink(f"/proc/self/fd/{n}")
        ]
        assert not [target for target in left if target.startswith("socket:") or "memfd:kernelmark" in target]

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


def test_segments_are_seen_from_outside(link):
    """Whatever the process itself says of them; one that only has the name of a semaphore is a segment."""
    run(
        link,
        """
        import kernelmark.lab as lab
        lab.shared_segments = lambda *_, **__: []
        def leave(name, size):
            with open("/dev/shm/" + name, "wb") as segment:
                segment.write(bytes(size))
        """,
    )
    leave = function(link, "leave")
    assert shared_segments(of=leave) == []
    for name, size in (("psm_1", 100), ("sem.mp-1", 32), ("sem.big", 100)):
        leave(name, size)
    assert shared_segments(of=leave) == ["psm_1", "sem.big"]
