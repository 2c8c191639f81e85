"""
why = "Sorts by value, so that negative weights go first."
base = "solution"

[marks]
magnitude_prune_keeps_its_input = 0
magnitude_prune_by_magnitude = 0
prune_n_m_values = 0
"""

# %% prune
#| export
def magnitude_prune(W, sparsity):
    """Return W with the smallest magnitudes set to zero, exactly round(sparsity * size) of them."""
    if not 0 <= sparsity <= 1:
        raise ValueError(f"magnitude_prune: sparsity must be 0 to 1, got {sparsity}")
    pruned = np.array(W, order="C")
    flat = pruned.reshape(-1)
    flat[np.argsort(flat, kind="stable")[: round(sparsity * flat.size)]] = 0
    return pruned


def prune_n_m(W, n=2, m=4):
    """Return W with the n largest magnitudes of every m neighbours along the last axis kept."""
    if not 1 <= n <= m or W.shape[-1] % m != 0:
        raise ValueError(f"prune_n_m: need 1 <= n <= m and a last extent that is a multiple of m, got n = {n}, m = {m}, shape {W.shape}")
    pruned = np.array(W, order="C")
    groups = pruned.reshape(-1, m)
    smallest = np.argsort(groups, axis=1, kind="stable")[:, : m - n]
    np.put_along_axis(groups, smallest, 0, axis=1)
    return pruned
