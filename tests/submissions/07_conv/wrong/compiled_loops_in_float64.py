"""
why = "All sums go through a compiled loop in float64: exact for small integers only."
base = "solution"

[marks]
conv2d_naive_dtype_and_views = 0
"""

# %% conv2d_naive
def conv_out(size, kernel, stride=1, pad=0):
    if kernel < 1 or stride < 1 or pad < 0 or kernel > size + 2 * pad:
        raise ValueError(f"conv_out: {size}, {kernel}, {stride}, {pad}")
    return (size + 2 * pad - kernel) // stride + 1


def conv2d_naive(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, channels, R, S = w.shape
    if C != channels:
        raise ValueError(f"{x.shape} and {w.shape}")
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    padded = np.pad(np.asarray(x, np.float64), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = np.zeros((N, K, OH, OW))
    for n in range(N):
        for k in range(K):
            for i in range(OH):
                for j in range(OW):
                    y[n, k, i, j] = (padded[n, :, i * stride : i * stride + R, j * stride : j * stride + S] * w[k]).sum()
    return y.astype(np.result_type(x, w))
