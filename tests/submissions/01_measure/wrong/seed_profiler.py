"""
why = "Traces while it times, on clocks of its own, warm-up included; errors of the warm-up are swallowed."
base = "solution"

[marks]
print_result_lines = 0
profile_fields = 0
profile_fastest_call = 0
profile_times_are_not_traced = 0
profile_memory_after_the_warmup = 0
"""

# %% profiler
import psutil


class SimpleProfiler:
    def __init__(self, track_memory=True, track_cpu=True, clock=None, cpu_clock=None):
        self.track_memory = track_memory
        self.track_cpu = track_cpu
        self.process = psutil.Process()

    def profile(self, func, *args, name=None, warmup=1, repeats=5, **kwargs):
        if self.track_memory:
            tracemalloc.start()
        try:
            func(*args, **kwargs)
        except Exception:
            pass
        before = self.process.memory_info().rss
        start = time.time()
        result = func(*args, **kwargs)
        wall = time.time() - start
        profile = {"name": name or func.__name__, "wall_time": wall, "result": result}
        if self.track_cpu:
            profile["cpu_time"] = wall
            profile["cpu_efficiency"] = self.process.cpu_percent() / 100
        if self.track_memory:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            profile["peak_memory_mb"] = peak / 2**20
            profile["memory_delta_mb"] = (self.process.memory_info().rss - before) / 2**20
        return profile

    def print_result(self, result, show_details=False):
        print(f"{result['name']}: {result['wall_time']:.4f} s")
        if show_details:
            for key in result:
                print("  ", key)


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
