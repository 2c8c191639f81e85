"""Functions of a test, called from threads and processes of a sandbox: side by side, and without a way in."""

import threading

import numpy as np
import pytest

from kernelmark.lab import remote
from kernelmark.sandbox import visits
from kernelmark.sandbox.link import Link
from tests.sandbox.linked import LIMITS, function, run, timed

START = """
import multiprocessing, os, pickle, socket, threading
import numpy as np
from concurrent.futures import ThreadPoolExecutor

def in_threads(ask, count, *args):
    with ThreadPoolExecutor(count) as pool:
        return [call.result() for call in [pool.submit(ask, *args) for _ in range(count)]]

def in_a_loop(ask, count):
    return [ask() for _ in range(count)]

def in_processes(ask, count):
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=pickle.loads(pickle.dumps(ask))) for _ in range(count)]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    return [worker.exitcode for worker in workers]

def fill_slices(ask, array):
    with ThreadPoolExecutor(2) as pool:
        [call.result() for call in [pool.submit(ask, array[::2]), pool.submit(ask, array[1::2])]]
    ask(array[:1])
    return array

def door():
    import gc
    return next(o for o in gc.get_objects() if type(o).__name__ == "Server")._door
"""


@pytest.fixture
def link():
    """A process that may start others, and its line."""
    begun = Link(LIMITS.__class__(**{**vars(LIMITS), "children": True}))
    run(begun, START)
    yield begun
    begun.close()


class Meeting:
    """A function whose calls wait for each other, for a second at most."""

    def __init__(self, parties):
        self.barrier = threading.Barrier(parties)
        self.processes = set()

    def __call__(self):
        self.processes.add(remote.calling_process())
        try:
            self.barrier.wait(1.0)
        except threading.BrokenBarrierError:
            return False
        return True


class TestVisits:
    def test_from_threads_are_under_way_at_the_same_time(self, link):
        """Three calls wait for each other in the judge; calls one after the other never meet."""
        assert function(link, "in_threads")(Meeting(3), 3) == [True] * 3
        assert function(link, "in_a_loop")(Meeting(2), 2) == [False] * 2

    def test_from_processes_say_which_the_kernel_says(self, link):
        """Two forks are two processes, and none of them is the one that serves the line."""
        meeting = Meeting(2)
        assert function(link, "in_processes")(meeting, 2) == [0, 0]
        assert len(meeting.processes) == 2
        assert not meeting.barrier.broken
        assert link.pid not in meeting.processes

    def test_bring_back_what_the_function_wrote(self, link):
        """Slices that threads and the main thread hand over hold what the test's function left in them."""

        def write(piece):
            piece += len(piece)

        array = np.zeros(6)
        result = function(link, "fill_slices")(write, array)
        assert result.tolist() == array.tolist() == [4.0, 3.0, 3.0, 3.0, 3.0, 3.0]

    def test_that_fail_fail_over_there(self, link):
        """An error of the test's function reaches the thread that called."""

        def picky():
            raise KeyError("no")

        with pytest.raises(KeyError, match="no"):
            function(link, "in_threads")(picky, 2)

    def test_with_objects_are_refused_over_there(self, link):
        """An object has no name that a judge's thread could ask for."""
        run(link, "def with_an_object(ask): return in_threads(ask, 1, object())")
        with pytest.raises(RuntimeError, match="plain values"):
            function(link, "with_an_object")(print)

    def test_in_a_timed_call_are_sent_away(self, link):
        """The judge's time is not to be had for nothing, whatever the server's own word is."""
        run(
            link,
            """
            def take(ask):
                global kept
                kept = ask
            def use(x):
                from kernelmark.sandbox import given
                try:
                    return given.visit(door(), kept._number, (x,), {})
                except RuntimeError as error:
                    return float("did not answer" in str(error))
            """,
        )
        function(link, "take")(lambda x: 2 * x)
        assert function(link, "use")(3.0) == 6.0
        assert timed(link, "use", [(3.0,)]).outputs == [1.0]

    def test_of_nonsense_end_by_themselves(self, link):
        """Descriptors of all kinds, closed lines, wild messages and very many visitors: the next one is served."""
        run(
            link,
            f"""
            from kernelmark.wire.channel import Channel
            held = []
            for number in range({visits.MAX_VISITS} + 20):
                read, write = os.pipe()
                socket.send_fds(door(), [b"."], [read, write])
                os.close(read), os.close(write)
                ours, theirs = socket.socketpair()
                socket.send_fds(door(), [b"."], [theirs.fileno()])
                theirs.close()
                if number % 3 == 0:
                    ours.close()
                elif number % 3 == 1:
                    ours.send(b"\\\\xff" * 64)
                else:
                    call = {{"callback": [10**6, -1, None, "0", True][number % 5], "args": [], "kwargs": {{}}}}
                    Channel(ours).send([call, 1][number % 2])
                held.append(ours)
            """,
        )
        assert function(link, "in_threads")(Meeting(2), 2) == [True, True]

    def test_do_not_outlast_a_link(self, link):
        """When a process ends, so does the thread that waited at its door."""
        function(link, "in_threads")(Meeting(1), 1)
        link.close()
        link._visits._thread.join(5.0)
        assert not link._visits._thread.is_alive()
