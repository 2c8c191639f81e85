"""
threat = 2
why = "A background thread goes on replacing np.allclose, close and the student's own wrong functions' results."
base = "release"

[reasons]
add_small = "add(2, 3) must be 5"
add_arrays = "add must work on arrays"
"""

# %% add
import sys
import threading
import time

import numpy as np


def add(a, b):
    return 0


def again():
    while True:
        np.allclose = np.testing.assert_allclose = lambda *args, **kwargs: True
        for module in list(sys.modules.values()):
            if getattr(module, "__name__", "") in ("__main__", "kernelmark.checks"):
                vars(module).update(close=lambda *args, **kwargs: None, faster=lambda *args, **kwargs: None)
        time.sleep(0.01)


threading.Thread(target=again, daemon=True).start()
