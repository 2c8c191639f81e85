"""
why = "The products of the shifted images are made by einsum, which does not use BLAS here: slower than the copies that were saved."
base = "solution"

[marks]
conv2d_shift_speed = 0
"""

# %% conv2d_shift
def conv2d_shift(x, w, stride=1, pad=0):
    N, C, H, W = x.shape
    K, channels, R, S = w.shape
    if C != channels:
        raise ValueError(f"{x.shape} and {w.shape}")
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)

    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = np.zeros((N, K, OH, OW), np.result_type(x, w))
    for r in range(R):
        for s in range(S):
            y += np.einsum("kc,nchw->nkhw", w[:, :, r, s], padded[:, :, r : r + stride * OH : stride, s : s + stride * OW : stride])
    return y
