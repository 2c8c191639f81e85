"""
why = "float64 has room for every k: exact everywhere, half as fast as float32, fast enough."
base = "solution"
"""

# %% int_matmul
#| export
def max_exact_k(bits=8, dtype="float32"):
    return 2 ** (np.finfo(dtype).nmant + 1) // 4 ** (bits - 1)


def int_matmul(qa, qb):
    if qa.ndim != 2 or qb.ndim != 2 or qa.shape[1] != qb.shape[0]:
        raise ValueError(f"int_matmul: cannot multiply {qa.shape} by {qb.shape}; the inner extents must agree")
    return (qa.astype(np.float64) @ qb.astype(np.float64)).astype(np.int32)
