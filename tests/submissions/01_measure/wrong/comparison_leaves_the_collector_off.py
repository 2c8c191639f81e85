"""
why = "compare_kernels switches the collector off and never on again."
base = "solution"

[marks]
state_afterwards = 0

[reasons]
state_afterwards = "leave it as it was"
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
                start = clock()
                for _ in range(inner):
                    function()
                times[name].append((clock() - start) / inner)
            order.reverse()
    finally:
        pass
    ratios = np.divide(times["baseline"], times["candidate"])
    low, median, high = np.percentile(ratios, [25, 50, 75])
    return {
        "speedup": min(times["baseline"]) / min(times["candidate"]),
        "median_speedup": float(median),
        "low": float(low),
        "high": float(high),
        **times,
    }
