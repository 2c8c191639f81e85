"""
why = "The result is kept, not the plan."
base = "solution"

[marks]
cached_conv2d_bounded = 0
cached_conv2d_new_numbers = 0
cached_conv2d_workspace = 0
cached_conv2d_clean_border = 0
cached_conv2d_speed = 0
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
        key = x.shape, x.dtype, w.shape, stride, pad
        if key in self.plans:
            self.hits += 1
            self.plans.move_to_end(key)
        else:
            result = self.compute(self.make(x.shape, x.dtype, R, S, stride, pad), x, w)
            self.misses += 1
            if len(self.plans) == self.max_plans:
                self.plans.popitem(last=False)
            self.plans[key] = result
        return self.plans[key].copy()


@cache
def lasting_convolution():
    return cached_conv2d(max_plans=8)


def conv2d_cached(x, w, stride=1, pad=0):
    return lasting_convolution()(x, w, stride, pad)
