"""
why = "The benchmark is built on timeit, the statistics on the statistics module, the stopwatch is a dataclass."
base = "solution"
"""

# %% time_kernel
def time_kernel(func, *args, clock=time.perf_counter, **kwargs):
    before, result, after = clock(), func(*args, **kwargs), clock()
    return result, (after - before) * 1_000_000

# %% timer
from dataclasses import dataclass, field
from typing import Callable


@dataclass
class Timer:
    clock: Callable = time.perf_counter
    laps: list = field(default_factory=list)

    def __enter__(self):
        self._begin = self.clock()
        return self

    def __exit__(self, kind, error, trace):
        self.laps += [self.clock() - self._begin]

    elapsed = property(lambda self: sum(self.laps))

# %% benchmark_operation
import statistics
import timeit


def benchmark_operation(func, *args, repeats=7, warmup=1, min_time=0.01, clock=time.perf_counter, **kwargs):
    if repeats < 1:
        raise ValueError("repeats must be positive")
    if warmup < 0:
        raise ValueError("warmup must not be negative")
    for _ in range(warmup):
        func(*args, **kwargs)
    timer = timeit.Timer(lambda: func(*args, **kwargs), timer=clock)
    inner = 1
    while timer.timeit(inner) < min_time:
        inner *= 2
    times = [total / inner for total in timer.repeat(repeats, inner)]
    quarters = statistics.quantiles(times, n=4, method="inclusive") if len(times) > 1 else [times[0]] * 3
    return {
        "times": times,
        "best": min(times),
        "median": statistics.median(times),
        "iqr": quarters[2] - quarters[0],
        "inner": inner,
        "repeats": repeats,
    }

# %% compare_kernels
import itertools


def compare_kernels(baseline, candidate, rounds=9, inner=1, warmup=1, clock=time.perf_counter):
    if min(rounds, inner) < 1 or warmup < 0:
        raise ValueError("rounds and inner must be positive, warmup not negative")

    def once(function):
        begin = clock()
        for _ in itertools.repeat(None, inner):
            function()
        return (clock() - begin) / inner

    for _ in range(warmup):
        baseline(), candidate()
    pairs = []
    for number in range(rounds):
        if number % 2 == 0:
            b = once(baseline)
            c = once(candidate)
        else:
            c = once(candidate)
            b = once(baseline)
        pairs.append((b, c))
    b, c = np.array(pairs).T
    ratios = b / c
    return {
        "baseline": b,
        "candidate": c,
        "speedup": b.min() / c.min(),
        "median_speedup": np.median(ratios),
        "low": np.quantile(ratios, 0.25),
        "high": np.quantile(ratios, 0.75),
    }

# %% rates_and_ratios
def throughput(amounts, seconds):
    amounts, seconds = np.asarray(amounts, float), np.asarray(seconds, float)
    if amounts.shape != seconds.shape or amounts.size == 0 or seconds.sum() <= 0:
        raise ValueError("throughput needs equally many amounts and seconds, and some time")
    return amounts.sum() / seconds.sum()


def geometric_mean(ratios):
    return statistics.geometric_mean(ratios)
