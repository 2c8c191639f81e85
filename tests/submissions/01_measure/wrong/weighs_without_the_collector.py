"""
why = "peak_memory switches the collector off for the call, and leaves it off where the call raises."
base = "solution"

[marks]
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
        tracemalloc.stop()
        self.peak, self.held = most - self._before, now - self._before
        return False


def peak_memory(func, *args, **kwargs):
    """Call func once; return its result, its peak and what it still holds, in bytes."""
    collecting = gc.isenabled()
    gc.disable()
    with MemoryProfiler() as memory:
        result = func(*args, **kwargs)
    if collecting:
        gc.enable()
    return result, memory.peak, memory.held
