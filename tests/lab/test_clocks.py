"""Clocks moved by hand and work of a known cost: a measurement with them has one right answer."""

import gc
import tracemalloc

import pytest

from kernelmark.lab import ManualClock, Workload, printed, run_inside, state_after


class TestManualClock:
    def test_stands_still_until_it_is_advanced(self):
        """Reading it moves nothing; only differences mean anything."""
        clock = ManualClock(start=100.0)
        assert (clock(), clock()) == (100.0, 100.0)
        clock.advance(0.5)
        assert clock() == 100.5

    def test_counts_its_readings(self):
        """A look at `now` is no reading."""
        clock = ManualClock()
        clock()
        assert (clock.now, clock.readings) == (0.0, 1)

    def test_notes_whether_tracemalloc_was_tracing(self):
        """A clock that is read while memory is traced has measured the tracing too."""
        clock = ManualClock()
        clock()
        tracemalloc.start()
        try:
            clock()
        finally:
            tracemalloc.stop()
        assert clock.tracing == [False, True]

    def test_follows_another_at_a_rate(self):
        """The clock of CPU time of work that waits most of the time; it may be advanced by itself, too."""
        wall = ManualClock(start=7.0)
        cpu = ManualClock(start=1.0, follows=wall, rate=0.25)
        wall.advance(8.0)
        assert cpu() == 3.0
        cpu.advance(1.0)
        assert (cpu(), wall()) == (4.0, 15.0)


class TestWorkload:
    def test_takes_its_costs_in_turn_and_then_the_last(self):
        """The first call may be slow, as real ones are."""
        clock = ManualClock()
        work = Workload(clock, [5.0, 0.5])
        readings = [clock()]
        for _ in range(3):
            work(1, two=2)
            readings.append(clock())
        assert readings == [0.0, 5.0, 5.5, 6.0]
        assert work.calls == 3

    def test_notes_the_state_of_the_process_at_each_call(self):
        """Whether the collector was on and tracemalloc tracing."""
        work = Workload()
        assert gc.isenabled()
        work()
        gc.disable()
        tracemalloc.start()
        try:
            work()
        finally:
            gc.enable()
            tracemalloc.stop()
        assert (work.collecting, work.tracing) == ([True, False], [False, True])

    def test_takes_longer_while_it_is_traced(self):
        """As a Python loop does; so whoever times and traces at once is found out."""
        clock = ManualClock()
        work = Workload(clock, [1.0], traced=9.0)
        work()
        tracemalloc.start()
        try:
            work()
        finally:
            tracemalloc.stop()
        assert clock.now == 10.0

    def test_holds_the_bytes_it_is_told_to(self):
        """Temporaries live during the call only; what is made once counts at the first call only."""
        work = Workload(temporary_bytes=4_000_000, kept_bytes=1_000_000, first_bytes=9_000_000)
        peaks = []
        for _ in range(2):
            tracemalloc.start()
            try:
                result = work()
                held, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            peaks.append(peak)
            assert result.nbytes == 1_000_000
            assert 1_000_000 <= held < 1_010_000
        assert peaks == [pytest.approx(14_000_000, abs=10_000), pytest.approx(5_000_000, abs=10_000)]

    def test_fails_at_the_call_it_is_told_to(self):
        """And at no other; the failing call takes its time."""
        clock = ManualClock()
        work = Workload(clock, [2.0], fails_at=2)
        work()
        with pytest.raises(ArithmeticError, match="call 2"):
            work()
        work()
        assert (work.calls, clock.now) == (3, 6.0)


class TestStateAfter:
    def test_tells_what_a_function_left_behind(self):
        """The collector and tracemalloc, as they are when the call ends; then both are put back."""

        def careless():
            gc.disable()
            tracemalloc.start()

        assert state_after(careless) == {"collector_on": False, "tracing": True, "raised": ""}
        assert gc.isenabled()
        assert not tracemalloc.is_tracing()

    def test_starts_with_the_collector_on_or_off(self):
        """Both must be left as they were found."""
        assert state_after(len, "abc", collector_on=False)["collector_on"] is False
        assert state_after(len, "abc", collector_on=True)["collector_on"] is True

    def test_tells_of_an_exception(self):
        """Its type and message, so that a test can say which."""
        assert state_after(int, "x")["raised"] == "ValueError: invalid literal for int() with base 10: 'x'"

    def test_is_not_fooled_by_a_replaced_function(self, monkeypatch):
        """What `gc.isenabled` says after it was replaced is no evidence."""
        monkeypatch.setattr(gc, "isenabled", lambda: True)
        monkeypatch.setattr(tracemalloc, "is_tracing", lambda: False)
        after = state_after(lambda: (gc.disable(), tracemalloc.start()))
        assert after == {"collector_on": False, "tracing": True, "raised": ""}


class TestRunInside:
    def test_returns_what_the_function_returns(self):
        """Inside the block; the manager is left before."""
        events = []

        class Manager:
            def __enter__(self):
                events.append("in")

            def __exit__(self, *_):
                events.append("out")

        assert run_inside(Manager(), lambda a, b=0: events.append("call") or a + b, 1, b=2) == 3
        assert events == ["in", "call", "out"]

    def test_lets_the_manager_decide_about_an_exception(self):
        """A manager that swallows gives None; another lets it pass."""

        class Manager:
            def __init__(self, swallows):
                self.swallows = swallows

            def __enter__(self):
                return self

            def __exit__(self, *_):
                return self.swallows

        assert run_inside(Manager(True), int, "x") is None
        with pytest.raises(ValueError, match="invalid literal"):
            run_inside(Manager(False), int, "x")


class TestPrinted:
    def test_returns_what_was_printed(self, capsys):
        """And shows none of it."""
        assert printed(print, "one", "two", sep="-") == "one-two\n"
        assert capsys.readouterr().out == ""
