"""
threat = 20
why = "The notebook itself is a soft link to the instructor's."
base = "release"

[reasons]
add_small = "Not implemented yet"
"""

# %% surgery
places = ("../../source/kernels.ipynb", "../../../source/kernels/kernels.ipynb")
found = next(place for place in places if (folder / place).is_file())
(folder / "kernels.ipynb").unlink(missing_ok=True)
(folder / "kernels.ipynb").symlink_to(found)
