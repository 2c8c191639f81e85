"""
why = "The ridge is bandwidth over peak, in bytes per operation."
base = "solution"

[marks]
ridge_point_values = 0
"""

# %% roof
def arithmetic_intensity(flops, nbytes):
    if flops < 0 or not nbytes > 0:
        raise ValueError("no bytes, no intensity")
    return flops / nbytes


def ridge_point(peak, bw):
    return bw / peak


def attainable(ai, peak, bw):
    return ai * bw if ai < peak / bw else peak


def low_rank_flops(m, k, n, rank):
    if rank < 1:
        raise ValueError("rank must be at least 1")
    return 2 * m * rank * (k + n)
