"""
threat = 20
why = "Three thousand files beside the notebook, and as many in a folder."
base = "solution"
"""

# %% surgery
(folder / "data").mkdir(exist_ok=True)
for number in range(3000):
    (folder / f"part{number}.txt").touch()
    (folder / "data" / f"part{number}.txt").touch()
