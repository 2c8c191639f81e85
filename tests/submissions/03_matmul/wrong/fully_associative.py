"""
why = "Any line may lie anywhere: one big set, whatever the number of ways."
base = "solution"

[marks]
cache_sim_sets = 0
cache_sim_replacement = 0
cache_sim_long_trace = 0
simulate_matmul_orders = 0
simulate_matmul_blocks_and_padding = 0
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
        lines = self.content[0]
        hit = number in lines
        if hit:
            lines.remove(number)
            self.hits += 1
        else:
            self.misses += 1
            if len(lines) == self.ways * self.sets:
                lines.pop(0)
        lines.append(number)
        return hit

    @property
    def miss_rate(self):
        return self.misses / (self.hits + self.misses) if self.hits + self.misses else 0.0
