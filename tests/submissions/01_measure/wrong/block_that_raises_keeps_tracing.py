"""
why = "MemoryProfiler stops tracing only where its block ends well."
base = "solution"

[marks]
peak_memory_after_an_error = 0
state_afterwards = 0
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
        if error[0] is None:
            tracemalloc.stop()
        self.peak, self.held = most - self._before, now - self._before
        return False


def peak_memory(func, *args, **kwargs):
    """Call func once; return its result, its peak and what it still holds, in bytes."""
    memory = MemoryProfiler()
    memory.__enter__()
    try:
        result = func(*args, **kwargs)
    finally:
        memory.__exit__(None, None, None)
    return result, memory.peak, memory.held
