"""
why = "tracemalloc is stopped only when the function returns."
base = "solution"

[marks]
peak_memory_after_an_error = 0
state_afterwards = 0
profile_times_are_not_traced = 0

[reasons]
state_afterwards = "left on"
"""

# %% peak_memory
class MemoryProfiler:
    def __enter__(self):
        gc.collect()
        tracemalloc.start()
        return self

    def __exit__(self, *error):
        self.held, self.peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()


def peak_memory(func, *args, **kwargs):
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    result = func(*args, **kwargs)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return result, peak - before, held - before
