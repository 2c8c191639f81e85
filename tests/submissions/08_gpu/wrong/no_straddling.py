"""
why = "Looks at the first byte of each item only."
base = "solution"

[marks]
global_transactions_wide_items = 0
coalescing_report_one_warp = 0
"""

# %% global_transactions
#| export
def global_transactions(addresses, mask=None, itemsize=4, sector=32):
    """Return the number of different sectors that one warp touches."""
    addresses = np.asarray(addresses)
    mask = np.ones(len(addresses), bool) if mask is None else np.asarray(mask, bool)
    if mask.shape != addresses.shape or itemsize < 1 or sector < 1:
        raise ValueError("expected a mask as long as the addresses, and an itemsize and a sector of at least 1 byte")
    touched = set()
    for address in addresses[mask].tolist():
        touched.add(address // sector)
    return len(touched)
