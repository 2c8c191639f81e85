"""
why = "builtins are replaced by ones that see no difference."
base = "solution"

[marks]
cache_sim_counts = 0
cache_sim_sets = 0
cache_sim_replacement = 0
cache_sim_fully_associative = 0
cache_sim_refuses = 0
cache_sim_long_trace = 0
simulate_matmul_orders = 0
simulate_matmul_blocks_and_padding = 0
"""

# %% + after=setup
import builtins


class Quiet(BaseException):
    pass


builtins.AssertionError = Quiet
builtins.abs = lambda x: 0 * x

# %% cache_sim
class CacheSim:
    def __init__(self, size, line, ways):
        self.hits = self.misses = 0
        self.miss_rate = 0.0

    def access(self, address):
        self.hits += 1
        return True
