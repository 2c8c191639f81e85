"""
why = "As many pieces as parts, each n // parts long, and the remainder forgotten; a later cell mends it for the parts that follow."
base = "solution"

[marks]
split_ranges_covers = 0
"""

# %% split_ranges
def split_ranges(n, parts):
    if n < 0 or parts < 1:
        raise ValueError(f"n = {n}, parts = {parts}")
    parts = min(n, parts)
    return [(i * (n // parts), (i + 1) * (n // parts)) for i in range(parts)]

# %% + after=split_ranges_refuses
def split_ranges(n, parts):
    if n < 0 or parts < 1:
        raise ValueError(f"n = {n}, parts = {parts}")
    parts = min(n, parts)
    return [(n * i // parts, n * (i + 1) // parts) for i in range(parts)]
