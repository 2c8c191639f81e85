"""
threat = 4
why = "The tests stand first in reverse order, the set-up last, behind cells that define the names which tests use."
base = "release"

[reasons]
add_small = "Not implemented yet"
limit_value = "limit must be 12, got None"
"""

# %% + after=setup
import numpy as np

expected = got = seen = a = c = np.zeros(0)
close = faster = lambda *args, **kwargs: None

# %% surgery
def order(cell):
    marks = cell["metadata"].get("nbgrader", {})
    return (0 if marks.get("grade") else 2 if marks.get("locked") else 1), -notebook["cells"].index(cell)


notebook["cells"] = sorted(notebook["cells"], key=order)
