"""
why = "Everything compiled: loops that fill the columns, scatter, cut shifted images and fill the workspace."
base = "solution"
"""

# %% im2col
from numba import njit


@njit
def fill_rows(x, columns, R, S, stride, pad, OH, OW):
    N, C, H, W = x.shape
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                row = columns[(n * OH + i) * OW + j]
                at = 0
                for c in range(C):
                    for r in range(R):
                        for s in range(S):
                            a, b = i * stride + r - pad, j * stride + s - pad
                            if 0 <= a < H and 0 <= b < W:
                                row[at] = x[n, c, a, b]
                            else:
                                row[at] = 0
                            at += 1


def im2col(x, R, S, stride=1, pad=0):
    N, C, H, W = x.shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    columns = np.empty((N * OH * OW, C * R * S), x.dtype)
    fill_rows(x, columns, R, S, stride, pad, OH, OW)
    return columns

# %% col2im
@njit
def scatter(columns, x, R, S, stride, pad, OH, OW):
    N, C, H, W = x.shape
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                for c in range(C):
                    for r in range(R):
                        for s in range(S):
                            a, b = i * stride + r - pad, j * stride + s - pad
                            if 0 <= a < H and 0 <= b < W:
                                x[n, c, a, b] += columns[(n * OH + i) * OW + j, (c * R + r) * S + s]


def col2im(columns, x_shape, R, S, stride=1, pad=0):
    N, C, H, W = x_shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    if columns.shape != (N * OH * OW, C * R * S):
        raise ValueError(f"col2im: {columns.shape} came, {(N * OH * OW, C * R * S)} was expected")
    x = np.zeros(x_shape, columns.dtype)
    scatter(columns, x, R, S, stride, pad, OH, OW)
    return x

# %% conv2d_shift
@njit
def cut(padded, piece, r, s, stride):
    N, C, OH, OW = piece.shape
    for n in range(N):
        for c in range(C):
            for i in range(OH):
                source, target = padded[n, c, i * stride + r, s:], piece[n, c, i]
                for j in range(OW):
                    target[j] = source[j * stride]


def conv2d_shift(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, channels, R, S = w.shape
    if C != channels:
        raise ValueError(f"{x.shape} and {w.shape}")
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), x.dtype)
    padded[:, :, pad : pad + H, pad : pad + W] = x
    piece = np.empty((N, C, OH, OW), x.dtype)
    y = np.zeros((N, K, OH * OW), np.result_type(x, w))
    for r in range(R):
        for s in range(S):
            cut(padded, piece, r, s, stride)
            y += w[:, :, r, s] @ piece.reshape(N, C, OH * OW)
    return y.reshape(N, K, OH, OW)

# %% cached_conv2d
@njit
def fill_columns(x, columns, stride, pad):
    N, C, H, W = x.shape
    _, _, R, S, OH, OW = columns.shape
    for n in range(N):
        for c in range(C):
            image = x[n, c]
            for r in range(R):
                for s in range(S):
                    target = columns[n, c, r, s]
                    first = max(0, -((s - pad) // stride))
                    last = min(OW, (W - 1 - s + pad) // stride + 1)
                    for i in range(OH):
                        a = i * stride + r - pad
                        if 0 <= a < H:
                            if stride == 1:
                                for j in range(first, last):
                                    target[i, j] = image[a, j + s - pad]
                            else:
                                for j in range(first, last):
                                    target[i, j] = image[a, j * stride + s - pad]


class cached_conv2d:
    def __init__(self, max_plans=8):
        if max_plans < 1:
            raise ValueError(f"max_plans is {max_plans}")
        self.max_plans, self.hits, self.misses = max_plans, 0, 0
        self.last_use, self.columns, self.when = {}, {}, 0

    def __call__(self, x, w, stride=1, pad=0):
        N, C, H, W = x.shape
        K, channels, R, S = w.shape
        if C != channels:
            raise ValueError(f"{x.shape} and {w.shape}")
        OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
        key = x.shape, R, S, stride, pad, x.dtype.str
        self.when += 1
        if key in self.columns:
            self.hits += 1
        else:
            self.misses += 1
            while len(self.columns) >= self.max_plans:
                unused = min(self.last_use, key=self.last_use.get)
                del self.columns[unused], self.last_use[unused]
            self.columns[key] = np.zeros((N, C, R, S, OH, OW), x.dtype)
        self.last_use[key] = self.when
        columns = self.columns[key]
        fill_columns(x, columns, stride, pad)
        return (w.reshape(K, C * R * S) @ columns.reshape(N, C * R * S, OH * OW)).reshape(N, K, OH, OW)


@cache
def lasting_convolution():
    return cached_conv2d(max_plans=8)


def conv2d_cached(x, w, stride=1, pad=0):
    return lasting_convolution()(x, w, stride, pad)
