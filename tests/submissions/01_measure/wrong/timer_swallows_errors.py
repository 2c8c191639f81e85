"""
why = "The stopwatch's __exit__ returns True."
base = "solution"

[marks]
timer_lets_errors_pass = 0

[reasons]
timer_lets_errors_pass = "nothing was raised"
"""

# %% timer
class Timer:
    """Adds up the seconds spent in `with` blocks."""

    def __init__(self, clock=time.perf_counter):
        self.laps = []
        self._clock = clock

    def __enter__(self):
        self._start = self._clock()
        return self

    def __exit__(self, *error):
        self.laps.append(self._clock() - self._start)
        return True

    @property
    def elapsed(self):
        """Seconds of all blocks together."""
        return math.fsum(self.laps)
