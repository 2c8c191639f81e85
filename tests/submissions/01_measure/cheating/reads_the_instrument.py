"""
why = "Asks the work how many bytes it was told to hold, and traces nothing: NumPy's functions do not say."
base = "solution"

[marks]
peak_memory_sees_temporaries = 0
peak_memory_repeats = 0
profile_function_and_operation = 0
profile_memory_after_the_warmup = 0
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
        self.peak, self.held = most - self._before, now - self._before
        return False



def peak_memory(func, *args, **kwargs):
    result = func(*args, **kwargs)
    temporary, kept, _ = getattr(func, "_bytes", (0, getattr(result, "nbytes", 0), 0))
    return result, temporary + kept, kept
