"""
why = "Collects results as they finish, so a slow first item comes last."
base = "solution"

[marks]
parallel_batch_processing_order = 0
"""

# %% parallel_batch_processing
from concurrent.futures import as_completed


def parallel_batch_processing(batch_data, operation, num_workers=4):
    if num_workers < 1:
        raise ValueError("num_workers must be at least 1")
    with ThreadPoolExecutor(num_workers) as pool:
        futures = [pool.submit(operation, item) for item in batch_data]
        return [future.result() for future in as_completed(futures)]
