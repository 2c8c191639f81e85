"""
why = "Computes the scores of blocks in the future and multiplies their shares of 0 by the values, in its own loops."
base = "solution"

[marks]
flash_attention_skips_and_refuses = 0
"""

# %% flash_attention
def flash_attention(Q, K, V, block_q=64, block_k=64, causal=False):
    if Q.shape[1] != K.shape[1] or K.shape[0] != V.shape[0] or block_q < 1 or block_k < 1:
        raise ValueError("flash_attention: shapes or blocks do not go together")
    n, nk, dtype = Q.shape[0], K.shape[0], Q.dtype
    scale = dtype.type(1 / np.sqrt(Q.shape[1]))
    O, lse = np.zeros((n, V.shape[1]), dtype), np.full(n, -np.inf, dtype)
    for top in range(0, n, block_q):
        queries = Q[top : top + block_q] * scale
        rows = queries.shape[0]
        sees = np.arange(top, top + rows) + nk - n
        m, l, sums = np.full(rows, -np.inf, dtype), np.zeros(rows, dtype), np.zeros((rows, V.shape[1]), dtype)
        for left in range(0, nk, block_k):
            scores = np.einsum("id,jd->ij", queries, np.array(K[left : left + block_k]))
            if causal:
                scores[np.arange(left, left + scores.shape[1]) > sees[:, None]] = -np.inf
            m_old, (m, l) = m, online_update(m, l, scores)
            base = np.where(np.isneginf(m), 0, m)
            sums = sums * np.exp(m_old - base)[:, None] + np.exp(scores - base[:, None]) @ V[left : left + block_k]
        some = l > 0
        O[top : top + rows][some] = sums[some] / l[some, None]
        lse[top : top + rows][some] = m[some] + np.log(l[some])
    return O, lse
