"""
why = "The oldest line leaves, even if it was used a moment ago."
base = "solution"

[marks]
cache_sim_replacement = 0
cache_sim_long_trace = 0
simulate_matmul_orders = 0
simulate_matmul_blocks_and_padding = 0

[reasons]
cache_sim_replacement = "should replace 64"
"""

# %% cache_sim
class CacheSim:
    def __init__(self, size, line, ways):
        if min(size, line, ways) < 1 or size % (line * ways):
            raise ValueError("size must be a multiple of line * ways")
        self.line, self.ways, self.sets = line, ways, size // (line * ways)
        self.content = [[] for _ in range(self.sets)]
        self.hits = self.misses = 0

    def access(self, address):
        number = address // self.line
        lines = self.content[number % self.sets]
        if number in lines:
            self.hits += 1
            return True
        self.misses += 1
        lines.append(number)
        if len(lines) > self.ways:
            lines.pop(0)
        return False

    @property
    def miss_rate(self):
        return self.misses / (self.hits + self.misses) if self.hits + self.misses else 0.0
