"""
why = "Refuses 0 and takes what is below: workers, machines, seconds."
base = "solution"

[marks]
split_ranges_refuses = 0
parallel_relu_out_and_views = 0
matmul_parallel_refuses = 0
matmul_parallel_processes_edges = 0
allreduce_time_crossover = 0
bus_bandwidth_values = 0
"""

# %% split_ranges
def split_ranges(n, parts):
    if parts == 0 or n < 0:
        raise ValueError("split_ranges: no parts")
    if n == 0:
        return []
    parts = min(n, abs(parts))
    length, longer = divmod(n, parts)
    ranges, start = [], 0
    for position in range(parts):
        stop = start + length + (position < longer)
        ranges.append((start, stop))
        start = stop
    return ranges

# %% allreduce_time
def allreduce_time(nbytes, n, alpha, beta, algorithm="ring"):
    if not n:
        raise ValueError("allreduce_time: no machine")
    if n == 1:
        return 0.0
    if algorithm == "ring":
        return 2 * (n - 1) * alpha + 2 * (n - 1) / n * nbytes * beta
    if algorithm == "tree":
        return 2 * math.ceil(math.log2(abs(n))) * (alpha + nbytes * beta)
    raise ValueError("allreduce_time: ring or tree")


def bus_bandwidth(nbytes, n, seconds):
    if n == 1:
        return 0.0
    if n < 1 or seconds <= 0:
        raise ValueError("bus_bandwidth: needs machines and time")
    return nbytes / seconds * 2 * (n - 1) / n
