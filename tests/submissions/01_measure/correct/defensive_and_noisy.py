"""
why = "Checks its arguments, prints as it goes, uses NumPy scalars and context managers of contextlib, and collects after each round."
base = "solution"
"""

# %% time_kernel
def time_kernel(func, *args, clock=time.perf_counter, **kwargs):
    if not callable(func):
        raise TypeError("func must be callable")
    start = clock()
    try:
        result = func(*args, **kwargs)
    finally:
        stop = clock()
    print("one shot:", stop - start)
    return result, np.float64((stop - start) * 1e6)

# %% timer
class Timer:
    def __init__(self, clock=time.perf_counter):
        if not callable(clock):
            raise TypeError("clock must be callable")
        self.clock = clock
        self.laps = []
        self.elapsed = 0.0
        self.starts = []

    def __enter__(self):
        self.starts.append(self.clock())
        return self

    def __exit__(self, kind, error, trace):
        lap = self.clock() - self.starts.pop()
        self.laps.append(lap)
        self.elapsed += lap
        print("lap", len(self.laps), lap, "after an error" if kind else "")

# %% benchmark_operation
from contextlib import contextmanager


@contextmanager
def without_the_collector():
    state = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        (gc.enable if state else gc.disable)()


def benchmark_operation(func, *args, repeats=7, warmup=1, min_time=0.01, clock=time.perf_counter, **kwargs):
    if not (isinstance(repeats, int) and repeats >= 1):
        raise ValueError(f"repeats: {repeats}")
    if not (isinstance(warmup, int) and warmup >= 0):
        raise ValueError(f"warmup: {warmup}")

    def round_of(n):
        with without_the_collector():
            begin = clock()
            for _ in range(n):
                func(*args, **kwargs)
            end = clock()
        return end - begin

    for _ in range(warmup):
        func(*args, **kwargs)
    inner = 1
    while True:
        if round_of(inner) >= min_time:
            break
        inner = inner + inner
    times = np.array([round_of(inner) for _ in range(repeats)]) / inner
    print("times:", times)
    return {
        "best": times.min(),
        "median": np.median(times),
        "iqr": np.subtract(*np.percentile(times, [75, 25])),
        "times": times.tolist(),
        "inner": inner,
        "repeats": repeats,
        "worst": times.max(),
    }

# %% rates_and_ratios
def throughput(amounts, seconds):
    amounts, seconds = list(amounts), list(seconds)
    if not amounts or len(amounts) != len(seconds):
        raise ValueError(f"{len(amounts)} amounts, {len(seconds)} durations")
    if sum(seconds) <= 0:
        raise ValueError("no time")
    return float(sum(amounts) / sum(seconds))


def geometric_mean(ratios):
    logs = np.asarray(list(ratios), dtype=float)
    if logs.size == 0 or (logs <= 0).any():
        raise ValueError("geometric_mean of nothing, or of something not positive")
    return float(np.exp(np.log(logs).mean()))
