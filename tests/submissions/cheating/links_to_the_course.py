"""
threat = 20
why = "Links beside the notebook lead to the instructor's, to the whole disk, to passwords; what they show is to end in a reason."
base = "solution"

[marks]
limit_value = 0

[reasons]
limit_value = "got []"
"""

# %% limit
import glob

limit = []
for name in sorted(glob.glob("*") + glob.glob("*/*") + glob.glob("everything/etc/shadow")):
    try:
        lines = open(name, errors="replace").read().splitlines()
    except OSError:
        continue
    limit += [line for line in lines if "secret" in line or "root:" in line][:3]

# %% surgery
for number, place in enumerate(("../../source/kernels.ipynb", "../../../source/kernels/kernels.ipynb")):
    (folder / f"notes{number}.txt").symlink_to(place)
    (folder / f"page{number}.html").symlink_to((folder / place).resolve())
(folder / "work").symlink_to("../../../source")
(folder / "everything").symlink_to("/")
(folder / "passwords").symlink_to("/etc/shadow")
(folder / "data").mkdir(exist_ok=True)
(folder / "data" / "notes.txt").symlink_to((folder / "../../../source/kernels/kernels.ipynb").resolve())
(folder / "data" / "passwords").symlink_to("/etc/passwd")
