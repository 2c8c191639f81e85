"""
why = "peak_memory and MemoryProfiler are written separately, with nested try/finally; the profiler weighs before it times."
base = "solution"
"""

# %% peak_memory
def peak_memory(func, *args, **kwargs):
    gc.collect()
    tracemalloc.start(1)
    try:
        tracemalloc.reset_peak()
        start = tracemalloc.get_traced_memory()[0]
        result = func(*args, **kwargs)
        end, top = tracemalloc.get_traced_memory()
        return result, max(0, top - start), end - start
    finally:
        tracemalloc.stop()


class MemoryProfiler:
    def __init__(self):
        self.peak, self.held = 0, 0

    def __enter__(self):
        gc.collect()
        tracemalloc.start(1)
        self.base = tracemalloc.get_traced_memory()[0]
        return self

    def __exit__(self, kind, error, trace):
        try:
            end, top = tracemalloc.get_traced_memory()
            self.peak = top - self.base
            self.held = end - self.base
        finally:
            tracemalloc.stop()

# %% counting
class FLOPCounter:
    total = 0

    def add(self, flops):
        self.total = self.total + int(flops)
        return int(flops)

    def matmul(self, m, k, n):
        return self.add(m * n * (k + k))

    def conv2d(self, N, C, H, W, K, R, S, stride=1, pad=0):
        rows = len(range(0, H + 2 * pad - R + 1, stride))
        columns = len(range(0, W + 2 * pad - S + 1, stride))
        return self.add(2 * N * K * rows * columns * C * R * S)

    def elementwise(self, n, ops=1):
        return self.add(ops * n)


def matmul_bytes(m, k, n, itemsize=4):
    return itemsize * (m * k) + itemsize * (k * n) + itemsize * (m * n)


def as_array(x):
    return np.asarray(x)

# %% profiler
class SimpleProfiler:
    def __init__(self, track_memory=True, track_cpu=True, clock=time.perf_counter, cpu_clock=time.process_time):
        self.memory, self.cpu, self.clock, self.cpu_clock = track_memory, track_cpu, clock, cpu_clock

    def profile(self, func, *args, name=None, warmup=1, repeats=5, **kwargs):
        for _ in range(warmup):
            func(*args, **kwargs)
        out = {"name": func.__name__ if name is None else name}
        if self.memory:
            _, peak, held = peak_memory(func, *args, **kwargs)
            out["peak_memory_mb"] = peak / 1048576
            out["memory_delta_mb"] = held / 1048576
        best = None
        for _ in range(repeats):
            wall = -self.clock()
            cpu = -self.cpu_clock()
            result = func(*args, **kwargs)
            cpu += self.cpu_clock()
            wall += self.clock()
            if best is None or wall < best[0]:
                best = wall, cpu
        out["result"] = result
        out["wall_time"] = best[0]
        if self.cpu:
            out["cpu_time"] = best[1]
            out["cpu_efficiency"] = 0.0 if best[0] == 0 else best[1] / best[0]
        return out

    def print_result(self, result, show_details=False):
        lines = [f"== {result['name']} took {result['wall_time'] * 1e6:,.3f} us"]
        if show_details and "cpu_time" in result:
            lines.append(f"   cpu {result['cpu_time'] * 1e6:,.3f} us, efficiency {result['cpu_efficiency']:.0%}")
        if show_details and "peak_memory_mb" in result:
            lines.append(f"   memory: peak {result['peak_memory_mb']:.2f} MB, left {result['memory_delta_mb']:.2f} MB")
        print("\n".join(lines))


def profile_function(func, *args, name=None, show_details=False, **kwargs):
    p = SimpleProfiler()
    r = p.profile(func, *args, name=name, **kwargs)
    p.print_result(r, show_details)
    return r


def profile_operation(func, *args, name=None, flops=None, nbytes=None, clock=time.perf_counter, **kwargs):
    bench = benchmark_operation(func, *args, clock=clock, **kwargs)
    result, peak, held = peak_memory(func, *args, **kwargs)
    extra = {"name": func.__name__ if name is None else name, "peak": peak, "held": held}
    if flops:
        extra["gflops"] = 1e-9 * throughput([flops], [bench["best"]])
    if nbytes:
        extra["gbytes_per_s"] = 1e-9 * throughput([nbytes], [bench["best"]])
    return {**bench, **extra}
