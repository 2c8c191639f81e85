"""
why = "A compiled transpose that writes along rows, a cache of arrays with time stamps, a compiled trace."
base = "solution"
"""

# %% transpose_blocked
@njit
def _fill(A, T, size):
    m, n = A.shape
    for j0 in range(0, n, size):
        for i0 in range(0, m, size):
            for j in range(j0, min(j0 + size, n)):
                for i in range(i0, min(i0 + size, m)):
                    T[j, i] = A[i, j]


@njit
def fill_transposed(A, T):
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            T[j, i] = A[i, j]


def transpose_loops(A):
    T = np.empty((A.shape[1], A.shape[0]), A.dtype)
    fill_transposed(A, T)
    return T


def transpose_blocked(A, block_size=32):
    if block_size < 1:
        raise ValueError("block_size")
    T = np.empty((A.shape[1], A.shape[0]), A.dtype)
    _fill(np.ascontiguousarray(A), T, block_size)
    return T

# %% cache_sim
class CacheSim:
    def __init__(self, size, line, ways):
        if min(size, line, ways) < 1 or size % (line * ways):
            raise ValueError("bad geometry")
        self.line = line
        self.n_sets = size // line // ways
        self.tags = np.full((self.n_sets, ways), -1, np.int64)
        self.stamps = np.zeros((self.n_sets, ways), np.int64)
        self.clock = 0
        self.hits = 0
        self.misses = 0

    def access(self, address):
        self.clock += 1
        number = address // self.line
        index = number % self.n_sets
        for way, tag in enumerate(self.tags[index].tolist()):
            if tag == number:
                self.stamps[index, way] = self.clock
                self.hits += 1
                return True
        way = int(self.stamps[index].argmin())
        self.tags[index, way] = number
        self.stamps[index, way] = self.clock
        self.misses += 1
        return False

    @property
    def miss_rate(self):
        return self.misses / max(1, self.misses + self.hits)

# %% matmul_trace
@njit
def _trace(n, p, q, r, step, itemsize, row, out):
    at = 0
    base = n * row
    index = np.zeros(3, np.int64)
    low = np.zeros(3, np.int64)
    high = np.zeros(3, np.int64)
    for i0 in range(0, n, step):
        for j0 in range(0, n, step):
            for k0 in range(0, n, step):
                low[0], low[1], low[2] = i0, j0, k0
                for x in range(3):
                    high[x] = min(low[x] + step, n)
                for a in range(low[p], high[p]):
                    index[p] = a
                    for b in range(low[q], high[q]):
                        index[q] = b
                        for c in range(low[r], high[r]):
                            index[r] = c
                            out[at] = itemsize * (index[0] * row + index[2])
                            out[at + 1] = itemsize * (base + index[2] * row + index[1])
                            out[at + 2] = itemsize * (2 * base + index[0] * row + index[1])
                            at += 3


def matmul_trace(n, order="ijk", block=None, itemsize=4, row=None):
    row = n if row is None else row
    step = n if block is None else block
    if set(order) != set("ijk") or len(order) != 3 or step < 1 or row < n:
        raise ValueError("bad order, block or row")
    out = np.empty(3 * n**3, np.int64)
    p, q, r = ("ijk".index(letter) for letter in order)
    _trace(n, p, q, r, step, itemsize, row, out)
    return out


def simulate_matmul(n, order="ijk", block=None, itemsize=4, row=None, size=4096, line=64, ways=4):
    cache = CacheSim(size, line, ways)
    for address in matmul_trace(n, order, block, itemsize, row):
        cache.access(int(address))
    total = cache.hits + cache.misses
    return {"accesses": total, "hits": cache.hits, "misses": cache.misses, "miss_rate": cache.misses / total}
