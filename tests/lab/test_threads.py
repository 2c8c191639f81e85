"""Instruments for threads and processes: what runs together meets, what runs in turn does not."""

import gc
import multiprocessing
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np
import pytest

from kernelmark.lab import MeetingKernel, MeetingOperation, ProcessKernel, shared_segments
from kernelmark.lab.threads import in_shared_memory

# Long enough for a busy machine to start a few threads, short enough to fail soon.
HASTE_S = 0.05


def in_threads(function, *calls):
    """Call the function with each tuple of arguments, all at the same time."""
    with ThreadPoolExecutor(len(calls)) as pool:
        for done in [pool.submit(function, *call) for call in calls]:
            done.result()


class TestMeetingKernel:
    def test_calls_in_as_many_threads_meet(self):
        """Four pieces at the same time, each filled from its own input."""
        x, out = np.arange(-4.0, 4.0), np.empty(8)
        kernel = MeetingKernel(4)
        in_threads(kernel, *((x[i : i + 2], out[i : i + 2]) for i in range(0, 8, 2)))
        assert kernel.met
        assert (kernel.most_at_once, kernel.threads, kernel.sizes) == (4, 4, [2, 2, 2, 2])
        assert out.tolist() == [0, 0, 0, 0, 0, 1, 2, 3]

    def test_calls_in_turn_do_not_meet_and_still_work(self):
        """A serial loop waits once, not at every call, and its results are right."""
        a, out = np.ones((6, 3)), np.empty((6, 2))
        kernel = MeetingKernel(3, HASTE_S)
        for i in range(0, 6, 2):
            kernel(a[i : i + 2], np.ones((3, 2)), out[i : i + 2])
        assert not kernel.met
        assert (kernel.most_at_once, kernel.threads) == (1, 1)
        assert (out == 3).all()

    def test_one_call_too_many_does_not_meet(self):
        """Five pieces where four were asked for: the last waits alone."""
        kernel = MeetingKernel(2, HASTE_S)
        x = np.ones(3)
        in_threads(kernel, (x, x.copy()), (x, x.copy()))
        assert kernel.met
        kernel(x, x.copy())
        assert not kernel.met

    def test_a_lock_around_the_kernel_keeps_calls_apart(self):
        """Threads that wait for one another overlap in nothing."""
        kernel, lock = MeetingKernel(2, HASTE_S), threading.Lock()

        def locked(x, out):
            with lock:
                kernel(x, out)

        in_threads(locked, (np.ones(1), np.ones(1)), (np.ones(1), np.ones(1)))
        assert (kernel.met, kernel.most_at_once) == (False, 1)

    def test_without_a_call_nobody_has_met(self):
        """An instrument that was never used proves nothing."""
        assert not MeetingKernel(1).met

    def test_the_scale_shows_who_made_the_result(self):
        """Twice the ReLU, three times the product."""
        out = np.empty((1, 1))
        MeetingKernel(1, scale=2)(np.full((1, 1), 5.0), out)
        assert out.item() == 10
        ProcessKernel(scale=3)(np.full((1, 1), 5.0), np.ones((1, 1)), out)
        assert out.item() == 15

    def test_fails_on_purpose(self):
        """The error is raised in the thread that called."""
        with pytest.raises(ValueError, match="on purpose"):
            MeetingKernel(1, fails=True)(np.ones(1), np.ones(1))

    def test_refuses_nobody_and_odd_calls(self):
        """A meeting of none makes no sense; neither does a kernel of three inputs."""
        with pytest.raises(ValueError, match="parties"):
            MeetingKernel(0)
        with pytest.raises(TypeError, match="one or two inputs"):
            MeetingKernel(1)(np.ones(1))


class TestMeetingOperation:
    def test_squares_and_logs_in_the_order_of_the_calls(self):
        """Numbers and arrays alike; the first element is the item's number."""
        operation = MeetingOperation()
        assert operation(3) == 9
        assert operation(np.array([2.0, 5.0])).tolist() == [4.0, 25.0]
        assert operation.items == [3, 2]

    def test_later_items_can_finish_first(self):
        """Delays are given by item."""
        operation, done = MeetingOperation(3, [0.06, 0.03, 0.0]), []

        def call(item):
            operation(item)
            done.append(item)

        in_threads(call, (0,), (1,), (2,))
        assert done == [2, 1, 0]
        assert operation.met

    def test_fails_at_the_items_named(self):
        """The others are squared."""
        operation = MeetingOperation(fails_at=[1])
        assert operation(0) == 0
        with pytest.raises(ValueError, match="item 1"):
            operation(1)


class TestProcessKernel:
    def test_processes_meet_and_log(self):
        """Pickled to two fresh processes, with the result in shared memory and the input not."""
        block = SharedMemory(create=True, size=8 * 4)
        kernel = ProcessKernel(2, timeout_s=20)
        try:
            assert block.name in shared_segments()
            tasks = [(kernel, block.name, start) for start in (0, 2)]
            with multiprocessing.get_context("spawn").Pool(2) as pool:
                pool.starmap(_fill_two, tasks, chunksize=1)
            out = np.ndarray(4, np.float64, block.buf).copy()
        finally:
            block.close()
            block.unlink()
        assert out.tolist() == [1, 1, 1, 1]
        assert kernel.met
        assert (kernel.sizes, kernel.workers) == ([2, 2], 2)
        assert [call["shared"] for call in kernel.calls] == [[False, True]] * 2
        assert block.name not in shared_segments()

    def test_calls_in_turn_do_not_meet(self):
        """Also when they come from this process; only the first waits."""
        kernel = ProcessKernel(2, HASTE_S)
        for _ in range(3):
            kernel(np.ones(1), np.ones(1))
        assert not kernel.met
        assert (kernel.workers, len(kernel.calls)) == (0, 3)

    def test_a_call_that_fails_is_logged(self):
        """It arrived, and met."""
        kernel = ProcessKernel(fails=True)
        with pytest.raises(ValueError, match="on purpose"):
            kernel(np.ones(1), np.ones(1))
        assert len(kernel.calls) == 1

    def test_the_log_goes_with_the_instrument_and_not_with_a_copy(self):
        """A pickled copy that is dropped takes nothing along."""
        kernel = ProcessKernel()
        folder = Path(kernel._folder)
        copy = pickle.loads(pickle.dumps(kernel))
        del copy
        gc.collect()
        assert folder.is_dir()
        del kernel
        gc.collect()
        assert not folder.exists()


def _fill_two(kernel, name, start):
    """Fill two elements of a shared segment; a function of this module, so that a fresh process finds it."""
    block = SharedMemory(name=name)
    out = np.ndarray(4, np.float64, block.buf)
    kernel(np.ones(2), out[start : start + 2])
    del out
    block.close()


class TestSharedSegments:
    def test_leave_out_semaphores_and_nothing_that_is_named_like_one(self):
        """The name alone is no proof: a semaphore has 32 bytes."""
        lock = multiprocessing.get_context("spawn").Lock()
        before = shared_segments()
        block = SharedMemory("sem.not-a-semaphore", create=True, size=100)
        try:
            assert set(shared_segments()) - set(before) == {"sem.not-a-semaphore"}
        finally:
            block.close()
            block.unlink()
        assert lock is not None


class TestInSharedMemory:
    def test_tells_shared_memory_from_the_heap(self):
        """An array of one's own, a segment with a name, and nothing at all."""
        block = SharedMemory(create=True, size=800)
        try:
            shared = np.ndarray(100, np.float64, block.buf)
            assert in_shared_memory(shared)
            assert in_shared_memory(shared[::-2])
            assert not in_shared_memory(shared.copy())
            assert in_shared_memory(shared[:0])
            del shared
        finally:
            block.close()
            block.unlink()
