"""
why = "The cache ends the process at its first access."
base = "solution"

[marks]
cache_sim_refuses = 0
cache_sim_counts = 0
cache_sim_sets = 0
cache_sim_replacement = 0
cache_sim_fully_associative = 0
cache_sim_long_trace = 0
simulate_matmul_orders = 0
simulate_matmul_blocks_and_padding = 0
"""

# %% cache_sim
import os


class CacheSim:
    def __init__(self, size, line, ways):
        if size < 1 or line < 1 or ways < 1 or size % (line * ways):
            raise ValueError("size")
        self.hits = self.misses = 0
        self.miss_rate = 0.0

    def access(self, address):
        os._exit(1)
