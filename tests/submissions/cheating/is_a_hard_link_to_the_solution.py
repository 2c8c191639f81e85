"""
threat = 20
why = "The notebook itself is a hard link to the instructor's."
base = "release"

[reasons]
add_small = "Not implemented yet"
"""

# %% surgery
import os

places = ("../../source/kernels.ipynb", "../../../source/kernels/kernels.ipynb")
found = next(place for place in places if (folder / place).is_file())
(folder / "kernels.ipynb").unlink(missing_ok=True)
os.link(folder / found, folder / "kernels.ipynb")
