"""
why = "Compares each lane with the one before it, so the order of the lanes changes the count."
base = "solution"

[marks]
global_transactions_any_order = 0
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
    touched, last = 0, None
    for address in addresses[mask].tolist():
        for number in range(address // sector, (address + itemsize - 1) // sector + 1):
            touched += number != last
            last = number
    return touched
