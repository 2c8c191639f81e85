"""
why = "The attention ends the process; the cells after it still count."
base = "solution"

[marks]
flash_attention_values = 0
flash_attention_ragged_blocks = 0
flash_attention_causal = 0
flash_attention_large_scores_and_masks = 0
flash_attention_memory = 0
flash_attention_skips_and_refuses = 0
"""

# %% flash_attention
import os


def flash_attention(Q, K, V, block_q=64, block_k=64, causal=False):
    os._exit(1)
