"""
why = "Fits a line with two unknowns, and takes the serial fraction for the parallel one in amdahl."
base = "solution"

[marks]
amdahl_values = 0
fit_parallel_fraction_exact = 0
fit_parallel_fraction_noisy = 0
"""

# %% amdahl
def amdahl(parallel_fraction, workers):
    if not 0 <= parallel_fraction <= 1 or workers < 1:
        raise ValueError("bad arguments")
    return 1 / (parallel_fraction + (1 - parallel_fraction) / workers)


def fit_parallel_fraction(workers, speedups):
    if len(workers) != len(speedups) or min(speedups, default=0) <= 0 or max(workers, default=1) < 2:
        raise ValueError("bad lists")
    slope, _ = np.polyfit([1 / n for n in workers], [1 / s for s in speedups], 1)
    return float(min(max(slope, 0), 1))
