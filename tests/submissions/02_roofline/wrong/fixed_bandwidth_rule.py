"""
why = "Below 100 GB/s it says memory, as a profiler once did."
base = "solution"

[marks]
classify_three_classes = 0
classify_needs_the_machine = 0
classify_edges = 0

[reasons]
classify_three_classes = "expected 'compute', got 'memory'"
"""

# %% classify
def classify(flops, nbytes, seconds, peak, bw):
    if min(nbytes, seconds) <= 0:
        raise ValueError("bytes and seconds must be above 0")
    if nbytes / seconds < 100e9:
        return "memory"
    return "compute"


identify_bottlenecks = classify
