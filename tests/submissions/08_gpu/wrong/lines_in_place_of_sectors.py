"""
why = "Counts lines of 128 bytes, as for GPUs of long ago."
base = "solution"

[marks]
global_transactions_shifts_and_strides = 0
global_transactions_any_order = 0
global_transactions_mask = 0
global_transactions_wide_items = 0
coalescing_report_one_warp = 0
coalescing_report_many_warps = 0
analyze_memory_coalescing_by_address = 0
analyze_memory_coalescing_shape_decides = 0

[reasons]
global_transactions_shifts_and_strides = "expected 4, got 1"
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
        touched.update(range(address // 128, (address + itemsize - 1) // 128 + 1))
    return len(touched)
