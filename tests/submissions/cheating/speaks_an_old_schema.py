"""
threat = 4
why = "The marks in the metadata are of schema 1, say that a task of any points is done, and the notebook of format 3 keeps its cells in a worksheet."
base = "release"

[reasons]
add_small = "Not implemented yet"
limit_value = "limit must be 12, got None"
"""

# %% surgery
cells = notebook.pop("cells")
for cell in cells:
    marks = cell["metadata"].get("nbgrader", {})
    if marks:
        marks.update(schema_version=1, task=True, points=1000, checksum=None)
    if cell["cell_type"] == "code":
        cell.update(input="1000" if marks.get("grade") else cell.pop("source"), language="python", prompt_number=1)
        cell.pop("source", None)
notebook.update(nbformat=3, nbformat_minor=0, worksheets=[{"cells": cells, "metadata": {}}])
