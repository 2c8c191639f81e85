"""
why = "Counts hits by the book, and makes its table of indices and its workspace anew in every call."
base = "solution"

[marks]
cached_conv2d_workspace = 0
cached_conv2d_speed = 2

[reasons]
cached_conv2d_workspace = "is the workspace kept"
"""

# %% cached_conv2d
class cached_conv2d:
    def __init__(self, max_plans=8):
        if max_plans < 1:
            raise ValueError("max_plans")
        self.max_plans, self.hits, self.misses, self.plans = max_plans, 0, 0, OrderedDict()

    def make(self, shape, dtype, R, S, stride, pad):
        N, C, H, W = shape
        OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
        padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), dtype)
        columns = np.empty((N, C, R, S, OH, OW), dtype)
        places = [(r, s, padded[:, :, r : r + stride * OH : stride, s : s + stride * OW : stride]) for r in range(R) for s in range(S)]
        return padded[:, :, pad : pad + H, pad : pad + W], columns, places

    def compute(self, plan, x, w):
        inside, columns, places = plan
        inside[...] = x
        for r, s, source in places:
            columns[:, :, r, s] = source
        N, C, R, S, OH, OW = columns.shape
        return (w.reshape(len(w), -1) @ columns.reshape(N, C * R * S, OH * OW)).reshape(N, len(w), OH, OW)

    def __call__(self, x, w, stride=1, pad=0):
        if x.shape[1] != w.shape[1]:
            raise ValueError(f"{x.shape} and {w.shape}")
        R, S = w.shape[2:]
        key = x.shape, x.dtype, R, S, stride, pad
        N, C, H, W = x.shape
        OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
        if key in self.plans:
            self.hits += 1
            self.plans.move_to_end(key)
        else:
            self.misses += 1
            if len(self.plans) == self.max_plans:
                self.plans.popitem(last=False)
            self.plans[key] = None
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        numbers = np.arange(padded[0].size if N else 0).reshape(padded.shape[1:] if N else (0, 0, 0))
        if N == 0:
            return np.zeros((0, len(w), OH, OW), np.result_type(x, w))
        table = sliding_window_view(numbers, (R, S), axis=(1, 2))[:, ::stride, ::stride].transpose(0, 3, 4, 1, 2)
        columns = padded.reshape(N, -1).take(table.reshape(C * R * S, OH * OW), axis=1)
        return (w.reshape(len(w), -1) @ columns).reshape(N, len(w), OH, OW)


@cache
def lasting_convolution():
    return cached_conv2d(max_plans=8)


def conv2d_cached(x, w, stride=1, pad=0):
    return lasting_convolution()(x, w, stride, pad)
