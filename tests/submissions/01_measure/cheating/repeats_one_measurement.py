"""
why = "Measures once and repeats the number as if it had been measured in every round."
base = "solution"

[marks]
benchmark_operation_statistics = 0
benchmark_operation_inner_loops = 0
benchmark_operation_warmup = 0
benchmark_operation_collector = 0
benchmark_operation_refuses = 0
"""

# %% benchmark_operation
def benchmark_operation(func, *args, repeats=7, warmup=1, min_time=0.01, clock=time.perf_counter, **kwargs):
    if repeats < 1 or warmup < 0:
        raise ValueError("bad counts")
    for _ in range(warmup):
        func(*args, **kwargs)
    start = clock()
    func(*args, **kwargs)
    seconds = clock() - start
    inner = 1
    while inner * seconds < min_time:
        inner *= 2
    return {"best": seconds, "median": seconds, "iqr": 0.0, "times": [seconds] * repeats, "inner": inner, "repeats": repeats}
