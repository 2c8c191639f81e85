"""
why = "Bytes over seconds, which falls as machines are added."
base = "solution"

[marks]
bus_bandwidth_values = 0
"""

# %% allreduce_time
def allreduce_time(nbytes, n, alpha, beta, algorithm="ring"):
    if n < 1 or algorithm not in ("ring", "tree"):
        raise ValueError("bad arguments")
    if algorithm == "ring":
        return 2 * (n - 1) * alpha + 2 * (n - 1) / n * nbytes * beta
    return 2 * math.ceil(math.log2(n)) * (alpha + nbytes * beta)


def bus_bandwidth(nbytes, n, seconds):
    if n < 1 or seconds <= 0:
        raise ValueError("bad arguments")
    return nbytes / seconds
