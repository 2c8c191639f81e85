"""
why = "Prints, asserts, converts to float64 inside, and has helpers of its own."
base = "solution"
"""

# %% + after=setup
import logging

logging.basicConfig(level=logging.INFO)
print("my notebook, version 3")


def agree(x, out):
    if out.shape != x.shape:
        raise ValueError(f"shape {out.shape}, not {x.shape}")
    if out.dtype != x.dtype:
        raise ValueError(f"dtype {out.dtype}, not {x.dtype}")

# %% vectorized_relu
def vectorized_relu(x, out=None):
    print("relu", x.shape)
    if out is not None:
        agree(x, out)
        np.clip(x, 0, None, out=out)
        return out
    return np.clip(x, 0, None)

# %% bytes_moved
def bytes_moved(ops, n, itemsize=4, fused=False, inputs=1, outputs=1):
    words = 0
    for op in ops:
        try:
            words += OPERANDS[op] + 1
        except KeyError:
            raise ValueError(f"no operation called {op}") from None
    return int(n * itemsize * (inputs + outputs)) if fused else int(n * itemsize * words)

# %% fused_scale_shift_relu
@njit
def work(x, a, b, out):
    for i, value in enumerate(x.flat):
        shifted = a * value + b
        out.flat[i] = shifted if shifted >= 0 or np.isnan(shifted) else 0


def fused_scale_shift_relu(x, a, b, out=None):
    if out is None:
        out = np.empty(x.shape, x.dtype)
    else:
        agree(x, out)
    logging.info("fused %s", x.shape)
    if x.ndim == 0:
        out[...] = np.maximum(x.dtype.type(a) * x + x.dtype.type(b), 0)
    elif x.size:
        work(x, float(a), float(b), out)
    return out

# %% softmax
def softmax(x, axis=-1):
    y = np.moveaxis(np.array(x, np.float64), axis, -1)
    assert np.isfinite(y).any() or np.isneginf(y).all()
    y -= np.where(np.isneginf(y.max(-1)), 0.0, y.max(-1))[..., None]
    np.exp(y, out=y)
    total = y.sum(-1, keepdims=True)
    y = np.divide(y, total, out=np.zeros_like(y), where=total > 0)
    return np.moveaxis(y, -1, axis).astype(x.dtype if x.dtype.kind == "f" else np.float64)

# %% layer_norm
def layer_norm(x, gamma=None, beta=None, eps=1e-5):
    wide = np.asarray(x, np.float64)
    result = (wide - np.mean(wide, -1, keepdims=True)) / np.sqrt(np.var(wide, -1, keepdims=True) + eps)
    if gamma is not None:
        result = result * gamma
    if beta is not None:
        result = result + beta
    return result.astype(x.dtype)

# %% kv_cache
class KVCache:
    """Two lists of rows would do as well, but slower."""

    def __init__(self, max_len, d):
        self._k = np.full((max_len, d), np.nan, np.float32)
        self._v = np.full((max_len, d), np.nan, np.float32)
        self.length = 0

    def __len__(self):
        return self.length

    def __repr__(self):
        return f"KVCache with {self.length} of {len(self._k)} tokens"

    def append(self, k, v):
        assert k.shape == v.shape
        if k.ndim == 1:
            k, v = k[None], v[None]
        stop = self.length + k.shape[0]
        if stop > len(self._k):
            raise IndexError(f"{self!r} has no room for {k.shape[0]} more")
        print("append", k.shape[0])
        self._k[self.length : stop] = k
        self._v[self.length : stop] = v
        self.length = stop

    def attend(self, q):
        if self.length == 0:
            raise ValueError("nothing there")
        return (softmax(self._k[: self.length] @ q / np.sqrt(q.size).astype(np.float32)) @ self._v[: self.length]).astype(np.float32)


def generate(X, Wq, Wk, Wv, steps):
    cache = KVCache(X.shape[0] + steps, X.shape[1])
    cache.append(X @ Wk, X @ Wv)
    made, x = [], X[-1].copy()
    for step in range(steps):
        if step:
            cache.append(x @ Wk, x @ Wv)
        x = x + cache.attend(x @ Wq)
        made.append(x)
    return np.stack(made) if made else np.zeros((0, X.shape[1]), np.float32)
