"""
why = "throughput is the mean of the single rates."
base = "solution"

[marks]
throughput_total_over_total = 0

[reasons]
throughput_total_over_total = "throughput"
"""

# %% rates_and_ratios
def throughput(amounts, seconds):
    """Return the total amount per total second."""
    if len(amounts) != len(seconds) or len(amounts) == 0:
        raise ValueError(f"throughput: expected as many amounts as durations, and at least one, got {len(amounts)} and {len(seconds)}")
    total = math.fsum(seconds)
    if not total > 0:
        raise ValueError(f"throughput: the total time must be above 0, got {total}")
    return float(np.mean(np.divide(amounts, seconds)))


def geometric_mean(ratios):
    """Return the n-th root of the product of n positive ratios."""
    if len(ratios) == 0 or not all(ratio > 0 for ratio in ratios):
        raise ValueError("geometric_mean: expected at least one ratio, all of them above 0")
    return math.exp(math.fsum(math.log(ratio) for ratio in ratios) / len(ratios))
