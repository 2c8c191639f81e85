"""
why = "time_kernel reads its own nanosecond clock, not the one it is given."
base = "solution"

[marks]
time_kernel_result_and_microseconds = 0
time_kernel_one_call_between_two_readings = 0
"""

# %% time_kernel
def time_kernel(func, *args, clock=None, **kwargs):
    start = time.perf_counter_ns()
    result = func(*args, **kwargs)
    return result, (time.perf_counter_ns() - start) / 1e3
