"""
why = "Sends the tracer requests of its own making; what is not a load of 32 lanes ends the launch."
base = "solution"

[marks]
transpose_naive_values = 0
transpose_naive_sectors = 0
"""

# %% transpose_naive_kernel
def transpose_naive_kernel(w, source, out, rows, cols):
    everything = np.arange(rows * cols)
    values = w._shelf.ask("load", source.number, everything, everything >= 0, None, 0)
    w._shelf.ask("store", out.number, everything.reshape(cols, rows).ravel(), everything >= 0, values.reshape(rows, cols).T.ravel(), 0)
