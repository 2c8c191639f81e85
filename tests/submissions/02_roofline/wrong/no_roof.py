"""
why = "The roof has no flat part: intensity times bandwidth, without end."
base = "solution"

[marks]
attainable_values = 0

[reasons]
attainable_values = "right of the ridge"
"""

# %% roof
def arithmetic_intensity(flops, nbytes):
    if flops < 0 or not nbytes > 0:
        raise ValueError("no bytes, no intensity")
    return flops / nbytes


def ridge_point(peak, bw):
    return peak / bw


def attainable(ai, peak, bw):
    return ai * bw


def low_rank_flops(m, k, n, rank):
    if rank < 1:
        raise ValueError("rank must be at least 1")
    return 2 * m * rank * (k + n)
