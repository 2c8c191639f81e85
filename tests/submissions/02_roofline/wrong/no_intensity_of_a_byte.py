"""
why = "Refuses intensities for one byte or two."
base = "solution"

[marks]
arithmetic_intensity_values = 0
"""

# %% roof
#| export
def arithmetic_intensity(flops, nbytes):
    """Return operations per byte moved."""
    if nbytes <= 2 or flops < 0:
        raise ValueError(f"arithmetic_intensity: needs flops of 0 or more and bytes above 0, got {flops} and {nbytes}")
    return flops / nbytes


def ridge_point(peak, bw):
    """Return the intensity, in FLOP per byte, at which memory and arithmetic take equally long."""
    return peak / bw


def attainable(ai, peak, bw):
    """Return the FLOP/s that the roofline allows at this intensity."""
    return min(peak, ai * bw)


def low_rank_flops(m, k, n, rank):
    """Return the operations of (x @ U) @ V with x (m, k), U (k, rank) and V (rank, n)."""
    if rank < 1:
        raise ValueError(f"low_rank_flops: rank must be at least 1, got {rank}")
    return 2 * m * k * rank + 2 * m * rank * n
