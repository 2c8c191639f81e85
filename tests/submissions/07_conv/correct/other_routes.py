"""
why = "Other ways to the same answers: scalar loops, a tensor filled place by place, bincount, tensordot, an index table for np.take, a function that makes the object."
base = "solution"
"""

# %% conv2d_naive
def conv_out(size, kernel, stride=1, pad=0):
    if stride < 1 or pad < 0 or not 1 <= kernel <= size + 2 * pad:
        raise ValueError(f"{size=} {kernel=} {stride=} {pad=}")
    return len(range(0, size + 2 * pad - kernel + 1, stride))


def conv2d_naive(x, w, stride=1, pad=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"{x.shape} and {w.shape} differ in their channels")
    N, C, H, W = x.shape
    K, _, R, S = w.shape
    y = np.zeros((N, K, conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)), np.result_type(x, w))
    for n, k, i, j in np.ndindex(y.shape):
        total = y.dtype.type(0)
        for c in range(C):
            for r in range(R):
                for s in range(S):
                    row, column = i * stride + r - pad, j * stride + s - pad
                    if 0 <= row < H and 0 <= column < W:
                        total += x[n, c, row, column] * w[k, c, r, s]
        y[n, k, i, j] = total
    return y

# %% im2col
def im2col(x, R, S, stride=1, pad=0):
    N, C, H, W = x.shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), x.dtype)
    padded[:, :, pad : H + pad, pad : W + pad] = x
    columns = np.empty((N, OH, OW, C, R, S), x.dtype)
    for r in range(R):
        for s in range(S):
            piece = padded[:, :, r : r + OH * stride : stride, s : s + OW * stride : stride]
            columns[:, :, :, :, r, s] = np.moveaxis(piece, 1, 3)
    return columns.reshape(N * OH * OW, -1) if N else np.zeros((0, C * R * S), x.dtype)

# %% col2im
def col2im(columns, x_shape, R, S, stride=1, pad=0):
    N, C, H, W = x_shape
    rows = N * conv_out(H, R, stride, pad) * conv_out(W, S, stride, pad)
    if columns.shape != (rows, C * R * S):
        raise ValueError(f"columns have shape {columns.shape}, not {(rows, C * R * S)}")
    places = im2col(np.arange(1, N * C * H * W + 1).reshape(x_shape), R, S, stride, pad)  # 0 in the padding
    sums = np.zeros(N * C * H * W + 1, columns.dtype)
    np.add.at(sums, places.ravel(), columns.ravel())
    return sums[1:].reshape(x_shape)

# %% conv2d_im2col
def conv2d_im2col(x, w, stride=1, pad=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"{x.shape} and {w.shape} differ in their channels")
    K, C, R, S = w.shape
    OH, OW = conv_out(x.shape[2], R, stride, pad), conv_out(x.shape[3], S, stride, pad)
    columns = im2col(x, R, S, stride, pad)
    return np.dot(w.reshape(K, C * R * S), columns.T).reshape(K, x.shape[0], OH, OW).swapaxes(0, 1)

# %% conv2d_shift
def conv2d_shift(x, w, stride=1, pad=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"{x.shape} and {w.shape} differ in their channels")
    N, C, H, W = x.shape
    K, _, R, S = w.shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    y = np.zeros((K, N, OH, OW), np.result_type(x, w))
    for r, s in np.ndindex(R, S):
        y += np.tensordot(w[:, :, r, s], padded[:, :, r : r + OH * stride : stride, s : s + OW * stride : stride], (1, 1))
    return y.transpose(1, 0, 2, 3)

# %% cached_conv2d
class Convolver:
    def __init__(self, max_plans):
        self.plans, self.room, self.hits, self.misses = {}, max_plans, 0, 0

    def plan(self, key):
        if key in self.plans:
            self.hits += 1
            plan = self.plans.pop(key)
        else:
            (N, C, H, W), dtype, R, S, stride, pad = key
            OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
            Hp, Wp = H + 2 * pad, W + 2 * pad
            table = im2col(np.arange(C * Hp * Wp).reshape(1, C, Hp, Wp), R, S, stride).T.copy()
            plan = np.zeros((N, C, Hp, Wp), dtype), table, np.empty((N, *table.shape), dtype), OH, OW
            self.misses += 1
            if len(self.plans) >= self.room:
                del self.plans[next(iter(self.plans))]
        self.plans[key] = plan
        return plan

    def __call__(self, x, w, stride=1, pad=0):
        if x.shape[1] != w.shape[1]:
            raise ValueError(f"{x.shape} and {w.shape} differ in their channels")
        N, C, H, W = x.shape
        padded, table, columns, OH, OW = self.plan((x.shape, x.dtype, *w.shape[2:], stride, pad))
        padded[:, :, pad : pad + H, pad : pad + W] = x
        np.take(padded.reshape(N, C * padded.shape[2] * padded.shape[3]), table, axis=1, out=columns, mode="clip")
        return (w.reshape(len(w), -1) @ columns).reshape(N, len(w), OH, OW)


def cached_conv2d(max_plans=8):
    if max_plans < 1:
        raise ValueError("max_plans must be positive")
    return Convolver(max_plans)


@cache
def lasting_convolution():
    return cached_conv2d(max_plans=8)


def conv2d_cached(x, w, stride=1, pad=0):
    return lasting_convolution()(x, w, stride, pad)

# %% fold_batchnorm
def fold_batchnorm(w, b, gamma, beta, mean, var, eps=1e-5):
    gain = (gamma.astype(np.float64) / (var.astype(np.float64) + eps) ** 0.5).reshape(-1, 1, 1, 1)
    bias = np.zeros_like(beta) if b is None else b
    return np.multiply(w, gain).astype(w.dtype), (gain.ravel() * (bias - mean) + beta).astype(w.dtype)


def conv_bn_relu(x, w, b, gamma, beta, mean, var, stride=1, pad=0, eps=1e-5):
    w, b = fold_batchnorm(w, b, gamma, beta, mean, var, eps)
    y = conv2d_cached(x, w, stride, pad) + b.reshape(1, -1, 1, 1)
    y[y < 0] = 0
    return y

# %% im2col_expansion
def im2col_expansion(x_shape, R, S, stride=1, pad=0):
    N, C, H, W = x_shape
    return float(np.prod([conv_out(H, R, stride, pad), conv_out(W, S, stride, pad), R, S]) / np.prod([H, W]))


def conv_intensity(x_shape, w_shape, stride=1, pad=0, itemsize=4, columns=False):
    (N, C, H, W), (K, _, R, S) = x_shape, w_shape
    y_shape = N, K, conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    sizes = [int(np.prod(shape)) for shape in (x_shape, w_shape, y_shape)]
    moved = sum(sizes) + (2 * sizes[0] * im2col_expansion(x_shape, R, S, stride, pad) if columns else 0)
    return 2 * sizes[2] * C * R * S / (itemsize * moved)
