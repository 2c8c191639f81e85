"""
why = "A mismatch of channels ends in an AssertionError."
base = "solution"

[marks]
conv2d_naive_refuses = 0

[reasons]
conv2d_naive_refuses = "expected ValueError, got AssertionError"
"""

# %% conv2d_naive
def conv_out(size, kernel, stride=1, pad=0):
    if kernel < 1 or stride < 1 or pad < 0 or kernel > size + 2 * pad:
        raise ValueError(f"conv_out: {size}, {kernel}, {stride}, {pad}")
    return (size + 2 * pad - kernel) // stride + 1


def conv2d_naive(x, w, stride=1, pad=0):
    assert x.shape[1] == w.shape[1], f"{x.shape} and {w.shape}"
    N, C, H, W = x.shape
    K, _, R, S = w.shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = np.zeros((N, K, OH, OW), np.result_type(x, w))
    for n, k, i, j in np.ndindex(y.shape):
        y[n, k, i, j] = np.sum(padded[n, :, i * stride : i * stride + R, j * stride : j * stride + S] * w[k])
    return y
