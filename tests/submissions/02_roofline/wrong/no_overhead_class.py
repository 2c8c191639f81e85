"""
why = "Knows memory and compute only, so a call that waits for the interpreter waits for memory."
base = "solution"

[marks]
classify_three_classes = 0
classify_needs_the_machine = 0
classify_edges = 0

[reasons]
classify_three_classes = "expected 'overhead', got 'memory'"
"""

# %% classify
def classify(flops, nbytes, seconds, peak, bw):
    if min(nbytes, seconds) <= 0:
        raise ValueError("bytes and seconds must be above 0")
    if flops == 0:
        return "memory"
    ai = flops / nbytes
    return "memory" if ai < peak / bw else "compute"


identify_bottlenecks = classify
