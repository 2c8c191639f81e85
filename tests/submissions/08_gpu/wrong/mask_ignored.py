"""
why = "Counts inactive lanes too."
base = "solution"

[marks]
global_transactions_mask = 0
coalescing_report_many_warps = 0

[reasons]
global_transactions_mask = "first 8 lanes"
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
    for address in addresses.tolist():
        touched.update(range(address // sector, (address + itemsize - 1) // sector + 1))
    return len(touched)
