"""
threat = 20
why = "Pipes, links to devices that never end, links that lead to themselves; the timestamp is one of them."
base = "solution"
"""

# %% surgery
import os

os.mkfifo(folder / "pipe")
(folder / "zeros").symlink_to("/dev/zero")
(folder / "round").symlink_to("round")
(folder / "here").symlink_to(".")
(folder / "nowhere").symlink_to("/nowhere/at/all")
(folder / "memory").symlink_to("/proc/self/mem")
(folder / "timestamp.txt").symlink_to("/dev/zero")
