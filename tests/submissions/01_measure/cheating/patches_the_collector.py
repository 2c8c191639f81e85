"""
why = "Leaves the collector and tracemalloc as they are, and replaces the functions that tell."
base = "solution"

[marks]
benchmark_operation_collector = 0
peak_memory_sees_temporaries = 0
peak_memory_repeats = 0
peak_memory_after_an_error = 0
state_afterwards = 0
memory_profiler_block = 0
profile_memory_after_the_warmup = 0
profile_times_are_not_traced = 0
profile_function_and_operation = 0
"""

# %% benchmark_operation
def benchmark_operation(func, *args, repeats=7, warmup=1, min_time=0.01, clock=time.perf_counter, **kwargs):
    """Time rounds of calls; return best, median, iqr, times, inner and repeats."""
    if repeats < 1 or warmup < 0:
        raise ValueError(f"benchmark_operation: repeats must be at least 1 and warmup at least 0, got {repeats} and {warmup}")

    def seconds(calls):
        start = clock()
        for _ in range(calls):
            func(*args, **kwargs)
        return clock() - start

    collecting = gc.isenabled()
    try:
        for _ in range(warmup):
            func(*args, **kwargs)
        inner = 1
        while seconds(inner) < min_time:
            inner *= 2
        times = [seconds(inner) / inner for _ in range(repeats)]
    finally:
        pass
    low, high = np.percentile(times, [25, 75])
    return {
        "best": min(times),
        "median": float(np.median(times)),
        "iqr": float(high - low),
        "times": times,
        "inner": inner,
        "repeats": repeats,
    }


gc.isenabled = lambda: False

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
        self.peak, self.held = most - self._before, now - self._before
        return False


def peak_memory(func, *args, **kwargs):
    """Call func once; return its result, its peak and what it still holds, in bytes."""
    with MemoryProfiler() as memory:
        result = func(*args, **kwargs)
    return result, memory.peak, memory.held


tracemalloc.is_tracing = lambda: False
