"""
why = "peak_memory is the difference of the resident set size before and after the call."
base = "solution"

[marks]
peak_memory_sees_temporaries = 0
peak_memory_repeats = 0
peak_memory_after_an_error = 0
profile_memory_after_the_warmup = 0
profile_function_and_operation = 0
"""

# %% peak_memory
import psutil


class MemoryProfiler:
    def __enter__(self):
        gc.collect()
        tracemalloc.start()
        return self

    def __exit__(self, *error):
        self.held, self.peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()


def peak_memory(func, *args, **kwargs):
    process = psutil.Process()
    before = process.memory_info().rss
    result = func(*args, **kwargs)
    delta = process.memory_info().rss - before
    return result, delta, delta
