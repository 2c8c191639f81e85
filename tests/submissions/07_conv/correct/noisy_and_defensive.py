"""
why = "Prints, warnings, type checks, an exception class of its own and helpers in an added cell cost nothing."
base = "solution"
"""

# %% + after=setup
import warnings


class LayerError(ValueError):
    """An exception class of the student's own."""


def geometry(x, w, stride, pad):
    x, w = np.asanyarray(x), np.asanyarray(w)
    if x.ndim != 4 or w.ndim != 4:
        raise LayerError(f"four axes are needed, got {x.shape} and {w.shape}")
    if x.shape[1] != w.shape[1]:
        print("about to raise")
        raise LayerError(f"the channels of {x.shape} and of {w.shape} differ")
    return conv_out(x.shape[2], w.shape[2], stride, pad), conv_out(x.shape[3], w.shape[3], stride, pad)

# %% conv2d_naive
warnings.warn("a warning that goes to stderr")


def conv_out(size, kernel, stride=1, pad=0):
    if stride <= 0:
        raise LayerError("stride")
    if pad < 0:
        raise LayerError("pad")
    if kernel <= 0:
        raise LayerError("kernel")
    room = size + pad + pad - kernel
    if room < 0:
        raise LayerError("the kernel does not fit")
    return int(np.floor(room / stride)) + 1


def conv2d_naive(x, w, stride=1, pad=0):
    OH, OW = geometry(x, w, stride, pad)
    wide = np.pad(np.array(x), ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant", constant_values=0)
    result = np.empty((x.shape[0], w.shape[0], OH, OW), dtype=np.promote_types(x.dtype, w.dtype))
    for n in range(x.shape[0]):
        for i in range(OH):
            for j in range(OW):
                window = wide[n, :, i * stride :, j * stride :][:, : w.shape[2], : w.shape[3]]
                result[n, :, i, j] = np.multiply(w, window).sum(axis=(1, 2, 3))
    print("convolved", x.shape)
    return result

# %% conv2d_im2col
def conv2d_im2col(x, w, stride=1, pad=0):
    OH, OW = geometry(x, w, stride, pad)
    before = x.copy()
    rows = im2col(np.ascontiguousarray(x), w.shape[2], w.shape[3], stride=stride, pad=pad)
    flat = w.reshape(w.shape[0], rows.shape[1])
    result = np.matmul(flat, rows.T).reshape(w.shape[0], x.shape[0], OH, OW).transpose(1, 0, 2, 3)
    assert np.array_equal(before, x)
    return np.array(result, order="C")

# %% conv2d_shift
def conv2d_shift(x, w, stride=1, pad=0):
    OH, OW = geometry(x, w, stride, pad)
    dtype = np.result_type(x, w)
    wide = np.zeros((*x.shape[:2], x.shape[2] + 2 * pad, x.shape[3] + 2 * pad), dtype)
    wide[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]] = x
    kernels = np.ascontiguousarray(w.transpose(2, 3, 0, 1), dtype)
    result = np.zeros((x.shape[0], w.shape[0], OH * OW), dtype)
    for r in range(w.shape[2]):
        for s in range(w.shape[3]):
            part = wide[:, :, r : r + (OH - 1) * stride + 1 : stride, s : s + (OW - 1) * stride + 1 : stride]
            np.add(result, np.matmul(kernels[r, s], np.ascontiguousarray(part).reshape(*x.shape[:2], OH * OW)), out=result)
    return result.reshape(x.shape[0], w.shape[0], OH, OW)

# %% fold_batchnorm
def fold_batchnorm(w, b, gamma, beta, mean, var, eps=1e-5):
    if np.any(np.asarray(var) < 0):
        warnings.warn("a negative variance")
    deviation = np.sqrt(np.add(var, eps))
    new_w = np.stack([kernel * (g / d) for kernel, g, d in zip(w, gamma, deviation)]).astype(w.dtype)
    new_b = [g * ((0.0 if b is None else b[k]) - m) / d + bt for k, (g, bt, m, d) in enumerate(zip(gamma, beta, mean, deviation))]
    return [new_w, np.array(new_b, w.dtype)]


def conv_bn_relu(x, w, b, gamma, beta, mean, var, stride=1, pad=0, eps=1e-5):
    new_w, new_b = fold_batchnorm(w, b, gamma, beta, mean, var, eps=eps)
    before_relu = conv2d_naive(x, new_w, stride=stride, pad=pad) + new_b[:, np.newaxis, np.newaxis]
    return np.where(before_relu > 0, before_relu, before_relu.dtype.type(0))
