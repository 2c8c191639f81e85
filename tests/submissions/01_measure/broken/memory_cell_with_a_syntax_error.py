"""
why = "The cell of the memory profiler does not compile; what needs it fails, and nothing else."
base = "solution"

[marks]
peak_memory_sees_temporaries = 0
peak_memory_repeats = 0
peak_memory_after_an_error = 0
state_afterwards = 0
memory_profiler_block = 0
profile_fields = 0
profile_memory_after_the_warmup = 0
profile_fastest_call = 0
profile_times_are_not_traced = 0
profile_function_and_operation = 0
"""

# %% peak_memory
class MemoryProfiler:
    def __enter__(self)
        tracemalloc.start()
