"""
threat = 23
why = "Saved by a tool of 2014: format 3, worksheets, `input` in the place of `source`, no ids; the work is right."
base = "solution"
"""

# %% surgery
import json


def old(cell):
    kept = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
    if cell["cell_type"] != "code":
        return {**kept, "source": cell["source"]}
    lines = cell["source"].splitlines(keepends=True) if isinstance(cell["source"], str) else cell["source"]
    return {**kept, "input": lines, "language": "python", "outputs": [], "prompt_number": 3, "collapsed": False}


made = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}
made["worksheets"] = [{"cells": [old(cell) for cell in notebook["cells"]], "metadata": {}}]
raw = b"\xef\xbb\xbf" + json.dumps(made, indent=2).replace("\n", "\r\n").encode()
