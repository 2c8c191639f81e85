"""
threat = 20
why = "A sparse file of a terabyte beside the notebook, and one in a folder."
base = "solution"
"""

# %% surgery
(folder / "data").mkdir(exist_ok=True)
for name in ("huge.bin", "data/huge.bin"):
    with open(folder / name, "wb") as file:
        file.truncate(2**40)
