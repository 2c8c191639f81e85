"""
why = "The least wall time and the least CPU time are taken from different calls."
base = "solution"

[marks]
profile_fastest_call = 0

[reasons]
profile_fastest_call = "one and the same call"
"""

# %% profiler
class SimpleProfiler:
    """Measures wall time, CPU time and memory of a function, each in calls of its own."""

    def __init__(self, track_memory=True, track_cpu=True, clock=time.perf_counter, cpu_clock=time.process_time):
        self.track_memory = track_memory
        self.track_cpu = track_cpu
        self._clock = clock
        self._cpu_clock = cpu_clock

    def profile(self, func, *args, name=None, warmup=1, repeats=5, **kwargs):
        """Return a dict with name, wall_time, result, and what else is tracked."""
        for _ in range(warmup):
            func(*args, **kwargs)
        shots = []
        for _ in range(repeats):
            cpu_start, start = self._cpu_clock(), self._clock()
            result = func(*args, **kwargs)
            shots.append((self._clock() - start, self._cpu_clock() - cpu_start))
        wall, cpu = (min(times) for times in zip(*shots))
        profile = {"name": name or func.__name__, "wall_time": wall, "result": result}
        if self.track_cpu:
            profile |= {"cpu_time": cpu, "cpu_efficiency": cpu / wall if wall > 0 else 0.0}
        if self.track_memory:
            _, peak, held = peak_memory(func, *args, **kwargs)
            profile |= {"peak_memory_mb": peak / 2**20, "memory_delta_mb": held / 2**20}
        return profile

    def print_result(self, result, show_details=False):
        """Print a profile: one line, or with details several."""
        print(f"{result['name']}: {1e3 * result['wall_time']:.4g} ms")
        if show_details:
            for key, value in result.items():
                if key not in ("name", "result"):
                    print(f"    {key:16s} {value:.6g}")


def profile_function(func, *args, name=None, show_details=False, **kwargs):
    """Profile a function with the default settings, print the result and return it."""
    profiler = SimpleProfiler()
    profile = profiler.profile(func, *args, name=name, **kwargs)
    profiler.print_result(profile, show_details=show_details)
    return profile


def profile_operation(func, *args, name=None, flops=None, nbytes=None, clock=time.perf_counter, **kwargs):
    """Benchmark a function, weigh it, and work out its rates."""
    profile = benchmark_operation(func, *args, clock=clock, **kwargs)
    _, peak, held = peak_memory(func, *args, **kwargs)
    profile |= {"name": name or func.__name__, "peak": peak, "held": held}
    if flops is not None:
        profile["gflops"] = flops / profile["best"] / 1e9
    if nbytes is not None:
        profile["gbytes_per_s"] = nbytes / profile["best"] / 1e9
    return profile
