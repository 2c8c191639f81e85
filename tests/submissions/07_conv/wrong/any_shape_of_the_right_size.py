"""
why = "col2im reshapes whatever has the right number of elements, and leaves the complaint to NumPy."
base = "solution"

[marks]
col2im_dtype_and_refuses = 0
"""

# %% col2im
def col2im(columns, x_shape, R, S, stride=1, pad=0):
    N, C, H, W = x_shape
    OH, OW = conv_out(H, R, stride, pad), conv_out(W, S, stride, pad)
    places = columns.reshape(N, OH, OW, C, R, S).transpose(4, 5, 0, 3, 1, 2)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), columns.dtype)
    for r in range(R):
        for s in range(S):
            padded[:, :, r : r + stride * OH : stride, s : s + stride * OW : stride] += places[r, s]
    return padded[:, :, pad : pad + H, pad : pad + W].copy()
