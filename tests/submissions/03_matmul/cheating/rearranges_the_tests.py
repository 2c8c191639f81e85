"""
why = "Test cells turned to markdown, moved to the front, doubled, and given other points."
base = "solution"

[marks]
transpose_blocked_values = 0
transpose_blocked_ragged_edges = 0
transpose_blocked_dtype_and_refuses = 0

[surgery]
to_markdown = ["transpose_blocked_values", "transpose_blocked_ragged_edges"]
move_first = ["transpose_blocked_dtype_and_refuses"]
points = { matmul_naive_values = 50 }
duplicate = ["matmul_naive_values", "cache_sim_sets"]
"""

# %% transpose_blocked
def transpose_blocked(A, block_size=32):
    return A
