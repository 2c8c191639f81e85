"""
why = "The plan holds a buffer for the product, of the shape and dtype that the first kernels gave; neither is in the key."
base = "solution"

[marks]
cached_conv2d_new_numbers = 0
"""

# %% cached_conv2d
class cached_conv2d:
    def __init__(self, max_plans=8):
        if max_plans < 1:
            raise ValueError(f"max_plans: {max_plans}")
        self.max_plans = max_plans
        self.hits = self.misses = 0
        self.plans = OrderedDict()

    def __call__(self, x, w, stride=1, pad=0):
        N, C, H, W = x.shape
        K, channels, R, S = w.shape
        if C != channels:
            raise ValueError(f"channels of {x.shape} and {w.shape}")
        OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
        key = x.shape, x.dtype, R, S, stride, pad
        if key in self.plans:
            self.hits += 1
            self.plans.move_to_end(key)
        else:
            self.misses += 1
            if len(self.plans) == self.max_plans:
                self.plans.popitem(last=False)
            padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), x.dtype)
            columns = np.empty((N, C, R, S, OH, OW), x.dtype)
            self.plans[key] = padded, columns, np.empty((N, K, OH * OW), np.result_type(x, w))
        padded, columns, product = self.plans[key]
        padded[:, :, pad : pad + H, pad : pad + W] = x
        for r in range(R):
            for s in range(S):
                columns[:, :, r, s] = padded[:, :, r : r + stride * OH : stride, s : s + stride * OW : stride]
        np.matmul(w.reshape(K, C * R * S), columns.reshape(N, C * R * S, OH * OW), out=product, casting="same_kind")
        return product.reshape(N, K, OH, OW).copy()


@cache
def lasting_convolution():
    return cached_conv2d(max_plans=8)


def conv2d_cached(x, w, stride=1, pad=0):
    return lasting_convolution()(x, w, stride, pad)
