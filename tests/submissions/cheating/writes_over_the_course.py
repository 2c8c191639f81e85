"""
threat = 21
why = "Appends to whatever of the course can be reached: source, configuration, classmates' work, shell start-up files."
base = "solution"

[marks]
limit_value = 0

[reasons]
limit_value = "got wrote 0"
"""

# %% limit
import glob
import os

wrote = 0
tops = ["../" * n for n in range(1, 8)] + [os.path.expanduser(user) + "/" for user in ("~", "~root")] + ["/home/*/", "/etc/"]
names = ("nbgrader_config.py", "source/*/*", "release/*/*", "submitted/*/*/*", "*.ipynb", ".bashrc", ".profile", "passwd")
for path in [path for top in tops for name in names for path in glob.glob(top + name)]:
    try:
        with open(path, "a") as file:
            file.write(" ")
        wrote += 1
    except OSError:
        pass
limit = f"wrote {wrote}"
