"""The clock of a desk, on this system, whose clock of CPU time is fine; `test_elsewhere` has a coarse one."""

import time

from kernelmark.stopwatch.desk_clock import COARSE_STEP_S, cpu_clock, cpu_step_s, is_coarse


class TestCpuClock:
    def test_is_fine_here(self):
        """On Linux the clock tells values of 2 ms apart, and says so."""
        assert 0 < cpu_step_s() < COARSE_STEP_S
        assert not is_coarse()

    def test_reads_cpu_time_where_it_can(self):
        """Between two readings of the process's own clock lies one of this."""
        before = time.process_time()
        between = cpu_clock()
        assert before <= between <= time.process_time()
