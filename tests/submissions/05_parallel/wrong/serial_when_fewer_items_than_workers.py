"""
why = "Falls back to a loop for short lists."
base = "solution"

[marks]
parallel_batch_processing_overlap = 0
"""

# %% parallel_batch_processing
def parallel_batch_processing(batch_data, operation, num_workers=4):
    if num_workers < 1:
        raise ValueError("num_workers must be at least 1")
    if len(batch_data) < num_workers:
        return [operation(item) for item in batch_data]
    with ThreadPoolExecutor(num_workers) as pool:
        return list(pool.map(operation, batch_data))
