"""
why = "Counts U @ V, then x times the full product."
base = "solution"

[marks]
low_rank_flops_values = 0

[reasons]
low_rank_flops_values = "expected 1536"
"""

# %% roof
def arithmetic_intensity(flops, nbytes):
    if flops < 0 or not nbytes > 0:
        raise ValueError("no bytes, no intensity")
    return flops / nbytes


def ridge_point(peak, bw):
    return peak / bw


def attainable(ai, peak, bw):
    return ai * bw if ai < peak / bw else peak


def low_rank_flops(m, k, n, rank):
    if rank < 1:
        raise ValueError("rank must be at least 1")
    return 2 * k * rank * n + 2 * m * k * n
