"""
why = "Counts the levels of the tree with a rounded-down logarithm."
base = "solution"

[marks]
allreduce_time_tree = 0
"""

# %% allreduce_time
def allreduce_time(nbytes, n, alpha, beta, algorithm="ring"):
    if n < 1 or algorithm not in ("ring", "tree"):
        raise ValueError("bad arguments")
    if algorithm == "ring":
        return 2 * (n - 1) * alpha + 2 * (n - 1) / n * nbytes * beta
    return 2 * int(math.log2(n)) * (alpha + nbytes * beta)


def bus_bandwidth(nbytes, n, seconds):
    if n < 1 or seconds <= 0:
        raise ValueError("bad arguments")
    return nbytes / seconds * 2 * (n - 1) / n
