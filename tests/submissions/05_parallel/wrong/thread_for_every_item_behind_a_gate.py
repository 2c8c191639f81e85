"""
why = "A semaphore lets few items in, but there is a thread for every item, all at once."
base = "solution"

[marks]
parallel_batch_processing_limit = 0
"""

# %% parallel_batch_processing
def parallel_batch_processing(batch_data, operation, num_workers=4):
    if num_workers < 1:
        raise ValueError("num_workers must be at least 1")
    gate, results, errors = threading.Semaphore(num_workers), [None] * len(batch_data), []

    def work(position, item):
        with gate:
            try:
                results[position] = operation(item)
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(batch_data)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
