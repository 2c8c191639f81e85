"""
why = "Looks only whether workers is 0, and the fit drops entries that it should refuse."
base = "solution"

[marks]
amdahl_values = 0
fit_parallel_fraction_noisy = 0
"""

# %% amdahl
def amdahl(parallel_fraction, workers):
    if not 0 <= parallel_fraction <= 1 or workers == 0:
        raise ValueError("amdahl: needs a fraction and workers")
    return 1 / ((1 - parallel_fraction) + parallel_fraction / workers)


def fit_parallel_fraction(workers, speedups):
    pairs = [(n, s) for n, s in zip(workers, speedups) if n > 1]
    if not pairs or len(workers) != len(speedups) or any(s <= 0 for _, s in pairs):
        raise ValueError("fit_parallel_fraction: nothing to fit")
    saved = np.array([1 - 1 / s for _, s in pairs])
    share = np.array([1 - 1 / n for n, _ in pairs])
    return float(np.clip((share @ saved) / (share @ share), 0, 1))
