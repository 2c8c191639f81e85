"""
why = "The collector is switched on again after the last round, but not after an error."
base = "solution"

[marks]
benchmark_operation_collector = 0

[reasons]
benchmark_operation_collector = "finally"
"""

# %% benchmark_operation
def benchmark_operation(func, *args, repeats=7, warmup=1, min_time=0.01, clock=time.perf_counter, **kwargs):
    if repeats < 1 or warmup < 0:
        raise ValueError("repeats must be at least 1, warmup at least 0")
    was_on = gc.isenabled()
    gc.disable()
    for _ in range(warmup):
        func(*args, **kwargs)
    inner, last = 1, -1.0
    while True:
        start = clock()
        for _ in range(inner):
            func(*args, **kwargs)
        if clock() - start >= min_time:
            break
        inner *= 2
    times = []
    for _ in range(repeats):
        start = clock()
        for _ in range(inner):
            func(*args, **kwargs)
        times.append((clock() - start) / inner)
    if was_on:
        gc.enable()
    q25, median, q75 = np.percentile(times, [25, 50, 75])
    return dict(best=min(times), median=median, iqr=q75 - q25, times=times, inner=inner, repeats=repeats)
