"""
why = "The quartiles come from the statistics module, which refuses a single value."
base = "solution"

[marks]
benchmark_operation_statistics = 0
"""

# %% benchmark_operation
import statistics


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
    gc.disable()
    try:
        for _ in range(warmup):
            func(*args, **kwargs)
        inner = 1
        while seconds(inner) < min_time:
            inner *= 2
        times = [seconds(inner) / inner for _ in range(repeats)]
    finally:
        if collecting:
            gc.enable()
    low, _, high = statistics.quantiles(times, n=4, method="inclusive")
    return {
        "best": min(times),
        "median": float(np.median(times)),
        "iqr": float(high - low),
        "times": times,
        "inner": inner,
        "repeats": repeats,
    }
