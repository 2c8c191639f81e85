"""
why = "One thread an item, whatever the limit."
base = "solution"

[marks]
parallel_batch_processing_limit = 0
"""

# %% parallel_batch_processing
def parallel_batch_processing(batch_data, operation, num_workers=4):
    if num_workers < 1:
        raise ValueError("num_workers must be at least 1")
    if not batch_data:
        return []
    with ThreadPoolExecutor(len(batch_data)) as pool:
        return list(pool.map(operation, batch_data))
