"""
why = "Hands W back where nothing is to be done, and lets n be negative."
base = "solution"

[marks]
magnitude_prune_keeps_its_input = 0
prune_n_m_refuses = 0
"""

# %% prune
def magnitude_prune(W, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError("magnitude_prune: sparsity must be 0 to 1")
    if sparsity == 0:
        return W
    pruned = W.copy("C")
    flat = pruned.reshape(-1)
    flat[np.argsort(np.abs(flat), kind="stable")[: round(sparsity * flat.size)]] = 0
    return pruned


def prune_n_m(W, n=2, m=4):
    if n == 0 or n > m or W.shape[-1] % m != 0:
        raise ValueError("prune_n_m: n must be 1 to m")
    pruned = np.array(W, order="C")
    groups = pruned.reshape(-1, m)
    smallest = np.argsort(np.abs(groups), axis=1, kind="stable")[:, : m - n]
    np.put_along_axis(groups, smallest, 0, axis=1)
    return pruned
