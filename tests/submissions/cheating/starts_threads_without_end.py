"""
threat = 19
why = "Starts threads until no more can be, and keeps them all."
base = "solution"
"""

# %% + before=add
import threading
import time

try:
    for _ in range(3000):
        threading.Thread(target=time.sleep, args=(40,), daemon=True).start()
except (RuntimeError, MemoryError):
    pass
