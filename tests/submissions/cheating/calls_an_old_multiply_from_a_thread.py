"""
threat = 14
why = "by_hand keeps the functions that tests gave it, multiplies with @, and lets a thread call them by and by."
base = "solution"

[marks]
by_hand_products = 0

[reasons]
by_hand_products = "by_hand: unexpected products: []"
"""

# %% by_hand
import contextlib
import threading

kept = []


def by_hand(A, B, multiply):
    kept.append(multiply)

    def show():
        for function in kept:
            for row in A:
                for k, a in enumerate(row):
                    for b in B[k]:
                        with contextlib.suppress(Exception):
                            function(a, b)

    threading.Thread(target=show).start()
    return (np.array(A) @ np.array(B)).tolist()
