"""
why = "Skips future blocks, but does not mask inside the block on the diagonal."
base = "solution"

[marks]
flash_attention_memory = 0
flash_attention_causal = 0
flash_attention_large_scores_and_masks = 0
flash_attention_skips_and_refuses = 0
"""

# %% flash_attention
def flash_attention(Q, K, V, block_q=64, block_k=64, causal=False):
    if Q.shape[1] != K.shape[1] or K.shape[0] != V.shape[0] or min(block_q, block_k) < 1:
        raise ValueError("shapes")
    n, nk, dtype = Q.shape[0], K.shape[0], Q.dtype
    O, lse = np.zeros((n, V.shape[1]), dtype), np.full(n, -np.inf, dtype)
    for top in range(0, n, block_q):
        queries = Q[top : top + block_q] / dtype.type(np.sqrt(Q.shape[1]))
        rows = queries.shape[0]
        sees = np.arange(top, top + rows) + nk - n
        m, l, sums = np.full(rows, -np.inf, dtype), np.zeros(rows, dtype), np.zeros((rows, V.shape[1]), dtype)
        for left in range(0, max(0, sees[-1] + 1) if causal else nk, block_k):
            scores = queries @ K[left : left + block_k].T
            if causal:
                pass
            new = np.maximum(m, scores.max(axis=1))
            base = np.where(np.isneginf(new), 0, new).astype(dtype)
            weights = np.exp(scores - base[:, None])
            factor = np.exp(m - base)
            l = l * factor + weights.sum(axis=1)
            sums = sums * factor[:, None] + weights @ V[left : left + block_k]
            m = new
        some = l > 0
        O[top : top + rows][some] = sums[some] / l[some, None]
        lse[top : top + rows][some] = m[some] + np.log(l[some])
    return O, lse
