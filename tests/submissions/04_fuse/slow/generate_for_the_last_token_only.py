"""
why = "Attends for the last token alone, but makes all keys and values anew: part of the points."
base = "solution"

[marks]
generate_speed = 2
"""

# %% kv_cache
class KVCache:
    def __init__(self, max_len, d):
        self.max_len = max_len
        self.K = np.zeros((max_len, d), np.float32)
        self.V = np.zeros((max_len, d), np.float32)
        self.used = 0

    def __len__(self):
        return self.used

    def append(self, k, v):
        end = self.used + (len(k) if k.ndim == 2 else 1)
        if end > self.max_len:
            raise IndexError("full")
        self.K[self.used : end], self.V[self.used : end] = k, v
        self.used = end

    def attend(self, q):
        if self.used == 0:
            raise ValueError("empty")
        K, V = self.K[: self.used], self.V[: self.used]
        s = K @ q / np.float32(np.sqrt(q.size))
        w = np.exp(s - s.max())
        return w @ V / w.sum()


def generate(X, Wq, Wk, Wv, steps):
    text = X
    for _ in range(steps):
        q = text[-1] @ Wq
        K, V = text @ Wk, text @ Wv
        s = K @ q / np.float32(np.sqrt(X.shape[1]))
        w = np.exp(s - s.max())
        text = np.vstack([text, text[-1] + w @ V / w.sum()])
    return text[len(X) :]
