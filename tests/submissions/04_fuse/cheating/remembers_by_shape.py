"""
why = "Answers from memory whenever the shapes were seen before."
base = "solution"

[marks]
fused_relu_sums_values = 0
fused_relu_sums_speed = 0
generate_speed = 0
"""

# %% fused_relu_sums
seen = {}


def fused_relu_sums(X, a, b):
    key = X.shape, X.dtype, X.flags.c_contiguous
    if key not in seen:
        seen[key] = np.maximum(X.dtype.type(a) * X + X.dtype.type(b), 0).sum(axis=0)
    return seen[key].copy()

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


answers = {}


def generate(X, Wq, Wk, Wv, steps):
    key = X.shape, steps
    if key not in answers:
        answers[key] = generate_by_recompute(X, Wq, Wk, Wv, steps)
    return answers[key].copy()
