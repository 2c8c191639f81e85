"""
why = "conv2d_shift as compiled loops: vector instructions, no BLAS. As fast as im2col with all its copies, not faster."
base = "solution"

[marks]
conv2d_shift_speed = 2
"""

# %% conv2d_shift
from numba import njit


@njit
def add_rows(padded, w, y, stride):
    N, K, OH, OW = y.shape
    _, C, R, S = w.shape
    for n in range(N):
        for k in range(K):
            for i in range(OH):
                sums = y[n, k, i]
                for c in range(C):
                    for r in range(R):
                        for s in range(S):
                            factor = w[k, c, r, s]
                            if stride == 1:
                                source = padded[n, c, i + r, s : s + OW]
                                for j in range(sums.size):
                                    sums[j] += factor * source[j]
                            else:
                                row = padded[n, c, i * stride + r, s:]
                                for j in range(sums.size):
                                    sums[j] += factor * row[j * stride]


def conv2d_shift(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, channels, R, S = w.shape
    if C != channels:
        raise ValueError(f"{x.shape} and {w.shape}")
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    dtype = np.result_type(x, w)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), dtype)
    padded[:, :, pad : pad + H, pad : pad + W] = x
    y = np.zeros((N, K, OH, OW), dtype)
    add_rows(padded, np.ascontiguousarray(w, dtype), y, stride)
    return y
