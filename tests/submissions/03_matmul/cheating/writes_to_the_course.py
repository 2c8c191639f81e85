"""
why = "Tries to overwrite the grade book, the source and the configuration; the functions are honest."
base = "solution"
"""

# %% + after=setup
from pathlib import Path

here = Path.cwd()
for folder in (here, *here.parents, Path.home()):
    for name in ("gradebook.db", "nbgrader_config.py", "source/03_matmul/matmul.ipynb", ".bashrc"):
        try:
            (folder / name).write_text("")
        except OSError:
            pass
