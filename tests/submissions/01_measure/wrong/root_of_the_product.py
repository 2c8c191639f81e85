"""
why = "geometric_mean multiplies first and overflows; nothing is refused."
base = "solution"

[marks]
geometric_mean_extremes = 0
throughput_refuses = 0
"""

# %% rates_and_ratios
def throughput(amounts, seconds):
    return float(sum(amounts)) / float(sum(seconds))


def geometric_mean(ratios):
    return float(np.prod(ratios)) ** (1 / len(ratios))
