"""
threat = 19
why = "Answers of gigabytes: a list of millions, a view that looks like a terabyte, a message without end, a nest without bottom."
base = "solution"

[marks]
add_small = 0
add_arrays = 0
row_sums_values = 0
by_hand_values = 0
by_hand_products = 0
apply_calls = 0
limit_value = 0

[reasons]
row_sums_values = "may hold"
apply_calls = "RuntimeError"
"""

# %% add
def add(a, b):
    return [0] * 20_000_000


# %% row_sums
def row_sums(A):
    return np.broadcast_to(np.float64(1.0), (10**6, 10**6))


# %% by_hand
def by_hand(A, B, multiply):
    nest = []
    for _ in range(200_000):
        nest = [nest]
    return nest


# %% apply
def apply(function, values):
    raise RuntimeError("x" * 300_000_000)


# %% limit
limit = 10 ** 1_000_000
