"""
why = "A bracket is missing in the last solution cell."
base = "solution"

[marks]
matmul_trace_addresses = 0
matmul_trace_blocks = 0
simulate_matmul_orders = 0
simulate_matmul_blocks_and_padding = 0
"""

# %% matmul_trace
def matmul_trace(n, order="ijk", block=None, itemsize=4, row=None):
    return np.array([0, 1, 2]
