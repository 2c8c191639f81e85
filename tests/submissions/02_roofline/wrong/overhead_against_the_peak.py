"""
why = "Overhead is a tenth of the peak, not of the roof, so every memory-bound kernel is overhead."
base = "solution"

[marks]
classify_edges = 0
classify_three_classes = 0
classify_needs_the_machine = 0
"""

# %% classify
def classify(flops, nbytes, seconds, peak, bw):
    if min(nbytes, seconds) <= 0:
        raise ValueError("bytes and seconds must be above 0")
    if flops == 0:
        return "overhead" if nbytes / seconds < 0.1 * bw else "memory"
    ai = flops / nbytes
    if flops / seconds < 0.1 * peak:
        return "overhead"
    return "memory" if ai < peak / bw else "compute"


identify_bottlenecks = classify
