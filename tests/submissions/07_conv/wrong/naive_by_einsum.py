"""
why = "The sums of the loops are left to np.einsum, which adds as loops do: only the log of products tells."
base = "solution"

[marks]
conv2d_naive_by_hand = 0

[reasons]
conv2d_naive_by_hand = "expected no matrix product"
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
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = np.zeros((N, K, OH, OW), np.result_type(x, w))
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                window = padded[n, :, i * stride : i * stride + R, j * stride : j * stride + S]
                y[n, :, i, j] = np.einsum("kcrs,crs->k", w, window)
    return y
