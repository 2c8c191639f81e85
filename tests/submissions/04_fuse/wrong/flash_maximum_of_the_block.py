"""
why = "Subtracts one maximum for all queries of a block: those with far smaller scores get nothing; refuses 0 but not -1."
base = "solution"

[marks]
flash_attention_large_scores_and_masks = 0
flash_attention_skips_and_refuses = 0
"""

# %% flash_attention
def flash_attention(Q, K, V, block_q=64, block_k=64, causal=False):
    if Q.shape[1] != K.shape[1] or K.shape[0] != V.shape[0] or block_q == 0 or block_k == 0:
        raise ValueError("flash_attention: shapes or blocks do not go together")
    n, nk, dtype = Q.shape[0], K.shape[0], Q.dtype
    scale = dtype.type(1 / np.sqrt(Q.shape[1]))
    O, lse = np.zeros((n, V.shape[1]), dtype), np.full(n, -np.inf, dtype)
    for top in range(0, n, block_q):
        queries = Q[top : top + block_q] * scale
        rows = queries.shape[0]
        sees = np.arange(top, top + rows) + nk - n
        m, l, sums = dtype.type(-np.inf), np.zeros(rows, dtype), np.zeros((rows, V.shape[1]), dtype)
        for left in range(0, max(0, sees[-1] + 1) if causal else nk, block_k):
            scores = queries @ K[left : left + block_k].T
            if causal:
                scores[np.arange(left, left + scores.shape[1]) > sees[:, None]] = -np.inf
            new = max(m, scores.max())
            if np.isneginf(new):
                continue
            factor, weights = np.exp(m - new), np.exp(scores - new)
            l = l * factor + weights.sum(axis=1)
            sums = sums * factor + weights @ V[left : left + block_k]
            m = new
        some = l > 0
        O[top : top + rows][some] = sums[some] / l[some, None]
        lse[top : top + rows][some] = m + np.log(l[some])
    return O, lse
