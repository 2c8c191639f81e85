"""
why = "time_kernel returns milliseconds."
base = "solution"

[marks]
time_kernel_result_and_microseconds = 0

[reasons]
time_kernel_result_and_microseconds = "expected 250000"
"""

# %% time_kernel
def time_kernel(func, *args, clock=time.perf_counter, **kwargs):
    """Call func once; return its result and the microseconds it took on the clock."""
    start = clock()
    result = func(*args, **kwargs)
    stop = clock()
    return result, 1e3 * (stop - start)
