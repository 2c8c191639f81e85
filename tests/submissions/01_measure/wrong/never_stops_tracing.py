"""
why = "tracemalloc is started once and left on, so the peak of one call is that of all."
base = "solution"

[marks]
peak_memory_sees_temporaries = 0
peak_memory_repeats = 0
peak_memory_after_an_error = 0
state_afterwards = 0
memory_profiler_block = 0
profile_memory_after_the_warmup = 0
profile_times_are_not_traced = 0
profile_function_and_operation = 0
"""

# %% peak_memory
class MemoryProfiler:
    def __enter__(self):
        tracemalloc.start()
        self.before = tracemalloc.get_traced_memory()[0]
        return self

    def __exit__(self, *error):
        now, peak = tracemalloc.get_traced_memory()
        self.held, self.peak = now - self.before, peak - self.before


def peak_memory(func, *args, **kwargs):
    with MemoryProfiler() as profiler:
        result = func(*args, **kwargs)
    return result, profiler.peak, profiler.held
