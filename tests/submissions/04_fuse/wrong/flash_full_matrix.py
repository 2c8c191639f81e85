"""
why = "All scores at once, then the softmax."
base = "solution"

[marks]
flash_attention_memory = 0
flash_attention_skips_and_refuses = 0

[reasons]
flash_attention_memory = "are all scores"
"""

# %% flash_attention
def flash_attention(Q, K, V, block_q=64, block_k=64, causal=False):
    if Q.shape[1] != K.shape[1] or K.shape[0] != V.shape[0] or min(block_q, block_k) < 1:
        raise ValueError("shapes")
    n, nk = Q.shape[0], K.shape[0]
    S = (Q @ K.T) / Q.dtype.type(np.sqrt(Q.shape[1]))
    if causal:
        S[np.arange(nk) > np.arange(n)[:, None] + nk - n] = -np.inf
    m = S.max(axis=1)
    weights = np.exp(S - np.where(np.isneginf(m), 0, m)[:, None])
    l = weights.sum(axis=1)
    with np.errstate(divide="ignore"):
        return weights @ V / np.where(l == 0, 1, l)[:, None], m + np.log(l)
