"""Bytes that a call allocates, counted by tracemalloc.

Does: repeats to the byte, NumPy's arrays included. Does not: see memory that compiled
code or a library takes for itself, nor memory that was there before the call.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

from kernelmark.lab.remote import where_it_lives


@where_it_lives
def traced_peak_bytes(function: Callable[..., Any], *args: Any, **kwargs: Any) -> int:
    """Return the most bytes that a call held at one time above what was held before it, its result included.

    Call once before, so that what is made only once (compiled code, a cache) does not count.
    """
    gc.collect()
    running = tracemalloc.is_tracing()
    if running:
        tracemalloc.reset_peak()
    else:
        tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        function(*args, **kwargs)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not running:
            tracemalloc.stop()
    return max(0, peak - before)
