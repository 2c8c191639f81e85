"""
why = "The old sum stays in the old unit when a new maximum comes."
base = "solution"

[marks]
online_update_values = 0
online_update_rescales = 0
online_update_masks = 0
online_softmax_values = 0
one_pass_memory = 0
flash_attention_values = 0
flash_attention_ragged_blocks = 0
flash_attention_causal = 0
flash_attention_large_scores_and_masks = 0
flash_attention_memory = 0
flash_attention_skips_and_refuses = 0
"""

# %% online_softmax
def online_update(m, l, block):
    m_new = np.maximum(m, block.max(axis=-1))
    base = np.where(np.isneginf(m_new), np.zeros_like(m_new), m_new)
    return m_new, l + np.exp(block - base[..., None]).sum(axis=-1)


def online_softmax(x, block):
    if block < 1:
        raise ValueError("block")
    m, l = np.full(x.shape[:-1], -np.inf, x.dtype), np.zeros(x.shape[:-1], x.dtype)
    for start in range(0, x.shape[-1], block):
        m, l = online_update(m, l, x[..., start : start + block])
    base, total = np.where(np.isneginf(m), 0, m)[..., None], np.where(l == 0, 1, l)[..., None]
    shares = np.empty_like(x)
    for start in range(0, x.shape[-1], block):
        shares[..., start : start + block] = np.exp(x[..., start : start + block] - base) / total
    return shares
