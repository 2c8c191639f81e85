"""
why = "Warnings on stderr, prints by the thousand, a plot and a stray last value cost nothing."
base = "solution"
"""

# %% matmul_vectorized
import sys
import warnings

warnings.warn("a warning that goes to stderr")
print("so does this", file=sys.stderr)


def matmul_vectorized(A, B):
    if A.shape[1] != B.shape[0]:
        print("about to raise", file=sys.stderr)
        raise ValueError(f"{A.shape} {B.shape}")
    return A @ B


optimized_matmul = matmul_numpy = matmul_baseline = vectorized_matmul = matmul_vectorized
np.float64(1.0)

# %% cache_sim
class CacheSim:
    def __init__(self, size, line, ways):
        warnings.warn("a new cache")
        if size < 1 or line < 1 or ways < 1 or size % (line * ways):
            raise ValueError("size")
        self.line, self.ways, self.sets = line, ways, size // (line * ways)
        self.newest = {}
        self.hits = self.misses = 0
        self.when = 0

    def access(self, address):
        self.when += 1
        number = address // self.line
        mine = self.newest.setdefault(number % self.sets, {})
        hit = number in mine
        self.hits += hit
        self.misses += not hit
        if not hit and len(mine) == self.ways:
            del mine[min(mine, key=mine.get)]
        mine[number] = self.when
        return hit

    @property
    def miss_rate(self):
        return np.divide(self.misses, self.hits + self.misses) if self.when else 0.0
4.0

# %% + after=matmul_vectorized
import matplotlib.pyplot as plt

plt.plot([1, 2, 3])
plt.show()
for line in range(5000):
    print("line", line)
"a stray last value"
