"""
why = "A list comprehension with a parameter called num_workers."
base = "solution"

[marks]
parallel_batch_processing_overlap = 0
"""

# %% parallel_batch_processing
def parallel_batch_processing(batch_data, operation, num_workers=4):
    if num_workers < 1:
        raise ValueError("num_workers must be at least 1")
    return [operation(item) for item in batch_data]
