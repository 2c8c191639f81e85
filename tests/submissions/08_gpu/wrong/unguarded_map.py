"""
why = "Every thread works, also those beyond n."
base = "solution"

[marks]
map_kernel_guard = 0
"""

# %% map_kernel
#| export
def map_kernel(w, x, out, n, scale, shift):
    """Store scale * x[i] + shift in out[i] for i below n."""
    i = w.bx * w.block[0] + w.tx
    w.store(out, i, scale * w.load(x, i) + shift)
