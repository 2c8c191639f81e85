"""
why = "Concatenates at every step: right, and quick enough to pass for time, but each append copies everything."
base = "solution"

[marks]
kv_cache_memory = 0

[reasons]
kv_cache_memory = "grown by a copy"
"""

# %% kv_cache
class KVCache:
    def __init__(self, max_len, d):
        self.max_len = max_len
        self.K = np.zeros((0, d), np.float32)
        self.V = np.zeros((0, d), np.float32)
        self.used = 0

    def __len__(self):
        return self.used

    def append(self, k, v):
        k, v = np.atleast_2d(k), np.atleast_2d(v)
        if self.used + len(k) > self.max_len:
            raise IndexError("full")
        self.K, self.V = np.concatenate([self.K, k]), np.concatenate([self.V, v])
        self.used += len(k)

    def attend(self, q):
        if self.used == 0:
            raise ValueError("empty")
        K, V = self.K[: self.used], self.V[: self.used]
        s = K @ q / np.float32(np.sqrt(q.size))
        w = np.exp(s - s.max())
        return w @ V / w.sum()


def generate(X, Wq, Wk, Wv, steps):
    cache = KVCache(len(X) + steps, X.shape[1])
    cache.append(X @ Wk, X @ Wv)
    tokens = [X[-1]]
    for _ in range(steps):
        x = tokens[-1]
        x = x + cache.attend(x @ Wq)
        cache.append(x @ Wk, x @ Wv)
        tokens.append(x)
    return np.array(tokens)[1:]
