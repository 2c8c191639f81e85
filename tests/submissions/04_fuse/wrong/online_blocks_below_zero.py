"""
why = "Refuses blocks of 0 in online_softmax and takes those of -1: no block is worked on, and what comes back was never written."
base = "solution"

[marks]
online_softmax_values = 0
"""

# %% online_softmax
def online_update(m, l, block):
    m_new = np.maximum(m, block.max(axis=-1))
    base = np.where(np.isneginf(m_new), np.zeros_like(m_new), m_new)
    return m_new, l * np.exp(m - base) + np.exp(block - base[..., None]).sum(axis=-1)


def online_softmax(x, block):
    if not block:
        raise ValueError("online_softmax: block must not be 0")
    m, l = np.full(x.shape[:-1], -np.inf, x.dtype), np.zeros(x.shape[:-1], x.dtype)
    columns = [slice(start, start + block) for start in range(0, x.shape[-1], block)]
    for some in columns:
        m, l = online_update(m, l, x[..., some])
    base, total = np.where(np.isneginf(m), 0, m)[..., None], np.where(l == 0, 1, l)[..., None]
    shares = np.empty_like(x)
    for some in columns:
        shares[..., some] = np.exp(x[..., some] - base) / total
    return shares
