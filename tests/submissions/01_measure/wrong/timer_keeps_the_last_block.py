"""
why = "The stopwatch holds the last block only, and forgets blocks that raise."
base = "solution"

[marks]
timer_accumulates = 0
timer_lets_errors_pass = 0
"""

# %% timer
class Timer:
    def __init__(self, clock=time.perf_counter):
        self.clock = clock
        self.laps = []
        self.elapsed = 0.0

    def __enter__(self):
        self.start = self.clock()
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.elapsed = self.clock() - self.start
            self.laps = [self.elapsed]
