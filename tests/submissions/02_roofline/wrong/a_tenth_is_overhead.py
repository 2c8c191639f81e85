"""
why = "A kernel at exactly a tenth of the roof counts as overhead."
base = "solution"

[marks]
classify_edges = 0

[reasons]
classify_edges = "exactly a tenth"
"""

# %% classify
def classify(flops, nbytes, seconds, peak, bw):
    """Return what a kernel waits for: "overhead", "memory" or "compute"."""
    if seconds <= 0 or nbytes <= 0:
        raise ValueError(f"classify: seconds and bytes must be above 0, got {seconds} and {nbytes}")
    arithmetic, transfer = flops / peak, nbytes / bw
    if seconds >= 10 * max(arithmetic, transfer):
        return "overhead"
    return "compute" if arithmetic >= transfer else "memory"


identify_bottlenecks = classify
