"""
why = "The length of a piece is n // parts, so a remainder makes one piece too many."
base = "solution"

[marks]
ring_allreduce_steps = 0
split_ranges_lengths = 0
split_ranges_counts = 0
parallel_relu_pieces = 0
matmul_parallel_pieces = 0
ring_allreduce_values = 0
ring_allreduce_inputs_and_dtype = 0
ring_allreduce_bytes = 0
"""

# %% split_ranges
def split_ranges(n, parts):
    if n < 0 or parts < 1:
        raise ValueError(f"n = {n}, parts = {parts}")
    size = max(1, n // parts)
    return [(start, min(start + size, n)) for start in range(0, n, size)]
