"""
threat = 19
why = "row_sums fills four gigabytes before it returns the right sums."
base = "solution"

[marks]
row_sums_values = 0

[reasons]
row_sums_values = "GiB of memory"
"""

# %% row_sums
def row_sums(A):
    hoard = [np.ones(2**24) for _ in range(32)]
    return A.sum(axis=1) + 0 * hoard[-1][0]
