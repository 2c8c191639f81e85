"""
why = "The naive product turns its inputs into lists first, which is faster and still by hand; the cache is an OrderedDict per set."
base = "solution"
"""

# %% matmul_naive
def matmul_naive(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"cannot multiply {A.shape} and {B.shape}")
    rows, columns = A.tolist(), B.T.tolist()
    C = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            total = 0
            for a, b in zip(row, column):
                total += a * b
            C[i, j] = total
    return C


educational_matmul = matmul_custom = matmul_naive

# %% cache_sim
from collections import OrderedDict, defaultdict


class CacheSim:
    def __init__(self, size, line, ways):
        if size <= 0 or line <= 0 or ways <= 0 or size % (line * ways) != 0:
            raise ValueError("size must be a multiple of line * ways")
        self.line, self.ways, self.sets = line, ways, size // (line * ways)
        self.content = defaultdict(OrderedDict)
        self.hits, self.misses = 0, 0

    def access(self, address):
        tag, index = divmod(address // self.line, self.sets)
        lines = self.content[index]
        if tag in lines:
            lines.move_to_end(tag)
            self.hits += 1
            return True
        if len(lines) >= self.ways:
            lines.popitem(last=False)
        lines[tag] = True
        self.misses += 1
        return False

    @property
    def miss_rate(self):
        if self.hits + self.misses == 0:
            return 0.0
        return self.misses / (self.hits + self.misses)
