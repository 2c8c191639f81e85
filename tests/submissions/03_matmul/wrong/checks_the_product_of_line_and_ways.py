"""
why = "line * ways is checked to be positive; -64 and -1 pass."
base = "solution"

[marks]
cache_sim_refuses = 0
"""

# %% cache_sim
class CacheSim:
    """A set-associative cache with LRU replacement; addresses are bytes."""

    def __init__(self, size, line, ways):
        if line * ways < 1 or size < 1 or size % (line * ways) != 0:
            raise ValueError(f"CacheSim: size must be a positive multiple of line * ways, got {size}, {line} and {ways}")
        self.line, self.ways = line, ways
        self.hits = self.misses = 0
        self._sets = [[] for _ in range(size // (line * ways))]  # each: line numbers, the least recently used first

    def access(self, address):
        """Touch one byte address; return True for a hit, False for a miss."""
        number = address // self.line
        lines = self._sets[number % len(self._sets)]
        hit = number in lines
        if hit:
            lines.remove(number)
            self.hits += 1
        else:
            self.misses += 1
            if len(lines) == self.ways:
                del lines[0]
        lines.append(number)
        return hit

    @property
    def miss_rate(self):
        """Misses over accesses; 0.0 before the first access."""
        accesses = self.hits + self.misses
        return self.misses / accesses if accesses else 0.0
