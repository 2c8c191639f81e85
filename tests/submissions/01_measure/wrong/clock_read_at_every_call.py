"""
why = "compare_kernels reads the clock around each call, and adds the pieces up."
base = "solution"

[marks]
compare_kernels_alternates = 0

[reasons]
compare_kernels_alternates = "three calls in a row"
"""

# %% compare_kernels
def compare_kernels(baseline, candidate, rounds=9, inner=1, warmup=1, clock=time.perf_counter):
    """Time two functions in alternating order; return their times and the speed-up of the candidate."""
    if rounds < 1 or inner < 1 or warmup < 0:
        raise ValueError(f"compare_kernels: rounds and inner must be at least 1, warmup at least 0, got {rounds}, {inner} and {warmup}")
    sides = {"baseline": baseline, "candidate": candidate}
    times = {"baseline": [], "candidate": []}
    collecting = gc.isenabled()
    gc.disable()
    try:
        for function in sides.values():
            for _ in range(warmup):
                function()
        order = ["baseline", "candidate"]
        for _ in range(rounds):
            for name in order:
                function = sides[name]
                total = 0.0
                for _ in range(inner):
                    start = clock()
                    function()
                    total += clock() - start
                times[name].append(total / inner)
            order.reverse()
    finally:
        if collecting:
            gc.enable()
    ratios = np.divide(times["baseline"], times["candidate"])
    low, median, high = np.percentile(ratios, [25, 50, 75])
    return {
        "speedup": min(times["baseline"]) / min(times["candidate"]),
        "median_speedup": float(median),
        "low": float(low),
        "high": float(high),
        **times,
    }
