"""
why = "Takes the byte address modulo 32 for the bank."
base = "solution"

[marks]
bank_conflict_degree_strides = 0
bank_conflict_degree_broadcast = 0
bank_conflict_degree_mask = 0
bank_conflict_degree_any_pattern = 0
tile_column_conflicts_padding = 0
tile_column_conflicts_rows = 0
"""

# %% banks
#| export
def bank_conflict_degree(addresses, mask=None, banks=32, word=4):
    """Return how many passes shared memory needs for one access of a warp."""
    addresses = np.asarray(addresses)
    mask = np.ones(len(addresses), bool) if mask is None else np.asarray(mask, bool)
    if mask.shape != addresses.shape:
        raise ValueError("expected a mask as long as the addresses")
    words = np.unique(addresses[mask] // word)
    return int(np.bincount(np.unique(addresses[mask]) % banks).max()) if words.size else 0


def tile_column_conflicts(pitch, rows=32):
    """Return the passes for a column of a tile whose rows lie `pitch` words apart."""
    if pitch < 1 or not 1 <= rows <= WARP:
        raise ValueError(f"expected a pitch of at least 1 and 1 to {WARP} rows, got {pitch} and {rows}")
    return bank_conflict_degree(WORD * pitch * np.arange(rows))
