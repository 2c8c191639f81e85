"""
why = "Pairs addresses with masks until the shorter ends, and notices only a mask that is too short."
base = "solution"

[marks]
global_transactions_mask = 0
"""

# %% global_transactions
#| export
def global_transactions(addresses, mask=None, itemsize=4, sector=32):
    if itemsize < 1 or sector < 1:
        raise ValueError("itemsize and sector are at least 1")
    if mask is None:
        mask = [True] * len(addresses)
    if len(mask) < len(addresses):
        raise ValueError("the mask is too short")
    touched = set()
    for address, active in zip(addresses, mask):
        if active:
            touched.update(range(int(address) // sector, (int(address) + itemsize - 1) // sector + 1))
    return len(touched)
