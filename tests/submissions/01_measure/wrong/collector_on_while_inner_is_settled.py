"""
why = "The collector is off for the rounds that are reported only, not for those that settle their length."
base = "solution"

[marks]
benchmark_operation_collector = 0

[reasons]
benchmark_operation_collector = "settle"
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
        gc.disable()
        times = [seconds(inner) / inner for _ in range(repeats)]
    finally:
        if collecting:
            gc.enable()
    low, high = np.percentile(times, [25, 75])
    return {
        "best": min(times),
        "median": float(np.median(times)),
        "iqr": float(high - low),
        "times": times,
        "inner": inner,
        "repeats": repeats,
    }
