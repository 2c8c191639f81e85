"""
threat = 9
why = "The visible part of each test holds; the hidden part meets values that make its own lines fail and be quoted."
base = "release"

[marks]
add_small = 5

[reasons]
add_arrays = "could not use what your code returned"
row_sums_values = "row_sums: expected"
"""

# %% add
class Broken:
    def __len__(self):
        return 3

    def __getitem__(self, index):
        raise LookupError("quote the line that asked")


calls = []


def add(a, b):
    calls.append(a)
    return a + b if len(calls) < 3 else {"no": "array"} if len(calls) == 3 else Broken()


# %% row_sums
def row_sums(A):
    return A.sum(axis=1) if A.shape == (2, 3) else {"no": Broken()}
