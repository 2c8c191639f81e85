"""
why = "Attention with the loop over keys outside, and a decoder whose matrices are drawn into the query."
base = "solution"
"""

# %% vectorized_operations
def vectorized_operations(x, y):
    if np.shape(x) != np.shape(y):
        raise ValueError("shapes %s and %s" % (np.shape(x), np.shape(y)))
    dtype = np.result_type(x, y)
    dtype = dtype if dtype.kind == "f" else np.dtype("int64")
    product = np.multiply(x, y, dtype=dtype)
    total = np.add(x, y, dtype=dtype)
    squared = np.subtract(x, y, dtype=dtype)
    np.square(squared, out=squared)
    return dict(
        dot_product=float(product.sum(dtype=np.float64)) if dtype.kind == "f" else int(product.sum()),
        euclidean_distance=float(np.sqrt(squared.sum(dtype=np.float64))),
        squared_difference=squared,
        element_wise_add=total,
        element_wise_multiply=product,
    )

# %% softmax
def softmax(x, axis=-1):
    x = np.asarray(x, dtype=x.dtype if x.dtype.kind == "f" else np.float64)
    shares = np.exp(x - np.maximum(x.max(axis=axis, keepdims=True), np.finfo(x.dtype).min))
    shares /= np.maximum(shares.sum(axis=axis, keepdims=True), np.finfo(x.dtype).tiny)
    return shares

# %% online_softmax
def online_update(m, l, block):
    m, l = np.asarray(m), np.asarray(l)
    top = np.maximum(m, np.max(block, axis=-1))
    with np.errstate(invalid="ignore"):
        old = np.nan_to_num(np.exp(m - top), nan=0.0)
        new = np.nan_to_num(np.exp(block - np.expand_dims(top, -1)), nan=0.0).sum(axis=-1)
    return top, (l * old + new).astype(block.dtype)


def online_softmax(x, block):
    if block <= 0:
        raise ValueError("a block has at least one column")
    out = np.array(x)
    m, l = np.full(x.shape[:-1], -np.inf).astype(x.dtype), np.zeros(x.shape[:-1]).astype(x.dtype)
    pieces = np.split(out, range(block, x.shape[-1], block), axis=-1)
    for piece in pieces:
        m, l = online_update(m, l, piece)
    m = np.where(m == -np.inf, 0, m)
    l = np.maximum(l, np.finfo(x.dtype).tiny)
    for piece in pieces:
        piece -= m[..., None]
        np.exp(piece, out=piece)
        piece /= l[..., None]
    return out

# %% flash_attention
def flash_attention(Q, K, V, block_q=64, block_k=64, causal=False):
    n, nk = len(Q), len(K)
    if block_q <= 0 or block_k <= 0:
        raise ValueError("blocks")
    if Q.shape[-1] != K.shape[-1]:
        raise ValueError("d")
    if nk != len(V):
        raise ValueError("length")
    O = np.zeros((n, V.shape[1]), Q.dtype)
    m, l = np.full(n, -np.inf, Q.dtype), np.zeros(n, Q.dtype)
    for left in range(0, nk, block_k):
        keys, values = K[left : left + block_k], V[left : left + block_k]
        for top in range(0, n, block_q):
            rows = slice(top, min(n, top + block_q))
            if causal and rows.stop - 1 + nk - n < left:
                continue
            S = np.einsum("id,jd->ij", Q[rows], keys) * Q.dtype.type(Q.shape[1] ** -0.5)
            if causal:
                future = left + np.arange(len(keys))[None, :] > np.arange(top, rows.stop)[:, None] + (nk - n)
                S = np.where(future, Q.dtype.type(-np.inf), S)
            new = np.maximum(m[rows], S.max(axis=1))
            safe = np.where(new == -np.inf, Q.dtype.type(0), new)
            P = np.exp(S - safe[:, None])
            factor = np.exp(m[rows] - safe)
            O[rows] = O[rows] * factor[:, None] + P @ values
            l[rows] = l[rows] * factor + P.sum(axis=1)
            m[rows] = new
    O /= np.where(l == 0, 1, l)[:, None].astype(Q.dtype)
    with np.errstate(divide="ignore"):
        return O, m + np.log(l)

# %% kv_cache
class KVCache:
    def __init__(self, max_len, d):
        self.store = np.zeros((max_len, 2, d), np.float32)
        self.n = 0

    def __len__(self):
        return self.n

    def append(self, k, v):
        k, v = np.atleast_2d(k), np.atleast_2d(v)
        if self.n + len(k) > len(self.store):
            raise IndexError("the cache is full")
        self.store[self.n : self.n + len(k), 0] = k
        self.store[self.n : self.n + len(v), 1] = v
        self.n += len(k)

    def attend(self, q):
        if not self.n:
            raise ValueError("empty")
        filled = self.store[: self.n]
        s = np.einsum("td,d->t", filled[:, 0], q) / np.sqrt(np.float32(q.size))
        w = np.exp(s - s.max())
        return np.einsum("t,td->d", w / w.sum(), filled[:, 1])


def generate(X, Wq, Wk, Wv, steps):
    text = np.empty((len(X) + steps, X.shape[1]), np.float32)
    text[: len(X)] = X
    both = Wq @ Wk.T / np.float32(np.sqrt(X.shape[1]))
    for t in range(len(X), len(text)):
        s = text[:t] @ (text[t - 1] @ both)
        w = np.exp(s - s.max())
        text[t] = text[t - 1] + (w @ text[:t]) @ Wv / w.sum()
    return text[len(X) :]
