"""
why = "What is left at the end passes for the peak."
base = "solution"

[marks]
peak_memory_sees_temporaries = 0
peak_memory_repeats = 0
memory_profiler_block = 0
profile_memory_after_the_warmup = 0
profile_function_and_operation = 0

[reasons]
peak_memory_sees_temporaries = "expected a peak of 17 MiB"
"""

# %% peak_memory
class MemoryProfiler:
    """Counts the bytes that a `with` block holds at most, and at its end."""

    def __enter__(self):
        gc.collect()
        tracemalloc.start()
        self._before, _ = tracemalloc.get_traced_memory()
        return self

    def __exit__(self, *error):
        now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        self.peak = self.held = now - self._before
        return False


def peak_memory(func, *args, **kwargs):
    """Call func once; return its result, its peak and what it still holds, in bytes."""
    with MemoryProfiler() as memory:
        result = func(*args, **kwargs)
    return result, memory.peak, memory.held
