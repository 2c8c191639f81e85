"""
why = "All caches of one size write into the same arrays."
base = "solution"

[marks]
kv_cache_attends = 0
"""

# %% kv_cache
class KVCache:
    """Keys and values of up to max_len tokens of d numbers each, in float32."""

    store = {}

    def __init__(self, max_len, d):
        self._keys, self._values = KVCache.store.setdefault((max_len, d), np.empty((2, max_len, d), np.float32))
        self._length = 0

    def __len__(self):
        return self._length

    def append(self, k, v):
        end = self._length + (1 if k.ndim == 1 else k.shape[0])
        if end > self._keys.shape[0]:
            raise IndexError("KVCache: no room")
        self._keys[self._length : end] = k
        self._values[self._length : end] = v
        self._length = end

    def attend(self, q):
        if self._length == 0:
            raise ValueError("KVCache: nothing to attend to")
        scores = self._keys[: self._length] @ (q / np.float32(np.sqrt(q.shape[0])))
        scores -= scores.max()
        np.exp(scores, out=scores)
        return (scores @ self._values[: self._length]) / scores.sum()


def generate(X, Wq, Wk, Wv, steps):
    cache = KVCache(X.shape[0] + steps, X.shape[1])
    cache.append(X @ Wk, X @ Wv)
    made = np.empty((steps, X.shape[1]), np.float32)
    x = X[-1]
    for step in range(steps):
        x = x + cache.attend(x @ Wq)
        made[step] = x
        cache.append(x @ Wk, x @ Wv)
    return made
