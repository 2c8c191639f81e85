"""
threat = 19
why = "A hundred megabytes on one line, a million short ones, and displays of forty megabytes."
base = "solution"
"""

# %% + before=add
import sys

print("x" * 100_000_000)
print("\n" * 1_000_000, file=sys.stderr)
for _ in range(100_000):
    print("y")
for _ in range(4):
    display({"text/html": "<p>" + "z" * 10_000_000}, raw=True)
"w" * 50_000_000
