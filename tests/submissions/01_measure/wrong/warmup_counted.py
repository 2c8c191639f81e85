"""
why = "No call is thrown away: the first round is the warm-up, the calibration and a result at once."
base = "solution"

[marks]
benchmark_operation_warmup = 0
benchmark_operation_statistics = 0
benchmark_operation_inner_loops = 0

[reasons]
benchmark_operation_warmup = "5 s"
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
    gc.disable()
    try:
        inner = 1
        while (first := seconds(inner)) < min_time:
            inner *= 2
        times = [first / inner] + [seconds(inner) / inner for _ in range(repeats - 1)]
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
