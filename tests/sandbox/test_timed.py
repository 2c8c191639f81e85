"""Timed batches, live: what they return, who may help, and that only what is between two readings counts."""

import math
import os
import signal
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from kernelmark.errors import SubmissionError, SubmissionLost
from kernelmark.stopwatch import clock
from tests.sandbox.linked import FIND_THE_LINE, HASTE_S, function, is_gone, is_stopped, run, timed


class TestTimed:
    def test_returns_outputs_and_both_times(self, shared):
        """One output for each of the inputs, and times that are above zero."""
        run(shared, "def double(x): return 2 * x")
        value = timed(shared, "double", [(1,), (2,), (np.arange(3.0),)])
        assert value.outputs[:2] == [2, 4]
        np.testing.assert_array_equal(value.outputs[2], [0.0, 2.0, 4.0])
        assert value.cpu_s > 0
        assert value.wall_s > 0

    def test_refuses_what_cannot_cross_as_any_call_does(self, shared):
        """An input of the test's own that is no value is no nonsense of the process's, which is asked on."""
        run(shared, "def same(x): return x")
        with pytest.raises(SubmissionError, match=r"^module may not cross to submitted code"):
            timed(shared, "same", [(math,)])
        assert timed(shared, "same", [(1,)]).outputs == [1]

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

    def test_an_error_of_the_function_comes_out(self, shared):
        """As in any other call."""
        run(shared, "def refuse(x): raise ValueError('too small')")
        with pytest.raises(ValueError, match="too small"):
            timed(shared, "refuse", [(1,)])
        assert run(shared, "print('on')") == ("on\n", False)

    def test_the_layout_of_an_output_cannot_be_forged(self, link):
        """A view costs what it saved: outputs of timed calls must cross in C order."""
        run(
            link,
            """
            from kernelmark.wire import values as wire
            raw = wire.raw_of
            wire.raw_of = lambda array, contiguous: raw(array, contiguous=False)
            def work(A): return A.T
            """,
        )
        with pytest.raises(SubmissionError, match="C order"):
            timed(link, "work", [(np.zeros((40, 60)),)])

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

    def test_an_ended_process_is_found_at_the_next_request(self, link):
        """To pin what has ended is no error; the request that follows says what happened."""
        run(link, "import os, threading; threading.Timer(0.05, os._exit, [3]).start()")
        while not is_gone(link.pid):
            time.sleep(0.01)
        link.pin(max(os.sched_getaffinity(0)))
        with pytest.raises(SubmissionLost, match="exit status 3"):
            timed(link, "right", [(1,)])

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


class TestHelp:
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
        with pytest.raises(RuntimeError, match="cannot be used in a timed call"):
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

    def test_a_callback_used_late_disturbs_nothing(self, link):
        """A thread that keeps what was passed in is answered, until the next test begins; the line stays clean."""
        run(
            link,
            """
            import threading, time
            said = []
            def keep(ask):
                def later():
                    time.sleep(0.2)
                    try: said.append(ask(1))
                    except RuntimeError as error: said.append(str(error))
                threading.Thread(target=later).start()
                return ask(20)
            """,
        )
        assert function(link, "keep")(lambda x: x + 1) == 21
        assert run(link, "time.sleep(0.4)\nprint(said)") == ("[2]\n", False)
        assert function(link, "keep")(lambda x: x + 1) == 21
        link.forget_callbacks()
        assert run(link, "time.sleep(0.4)\nprint(said)") == (
            "[2, 'this function belonged to a test that is over']\n",
            False,
        )

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


class TestReadings:
    def test_leaves_the_process_stopped(self, shared):
        """Nothing is prepared for the next call, or finished late, between two of them."""
        run(shared, "def double(x): return 2 * x")
        timed(shared, "double", [(1,)])
        before = clock.cpu_seconds(shared.pid)
        for task in os.listdir(f"/proc/{shared.pid}/task"):
            assert Path(f"/proc/{shared.pid}/task/{task}/stat").read_text().rpartition(") ")[2][0] in "Tt"
        assert clock.cpu_seconds(shared.pid) == before
        assert run(shared, "print('on')") == ("on\n", False)

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

    @pytest.mark.parametrize("inputs", ["np.arange(3.0)", "3"], ids=["array", "number"])
    def test_nothing_can_be_worked_out_before_the_clock_starts(self, link, inputs):
        """A server whose handler was replaced sees no input before "go": early work gives wrong outputs."""
        run(
            link,
            """
            import gc
            import numpy as np
            import kernelmark.wire.values as wire
            from kernelmark.wire.withheld import views
            def work(x):
                return 2 * x
            def cheat(self, buffers, target, calls, args, kwargs):
                known = [views(self._channel.inbox, c) for c in calls]
                early = [work(*(3 if value is None else value for value in inputs)) for inputs in known]
                encoder = wire.Encoder(self._objects.leave)
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
