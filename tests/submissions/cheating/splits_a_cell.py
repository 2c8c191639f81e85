"""
threat = 23
why = "JupyterLab's 'Split cell', which doubles the grade id of a right solution."
base = "solution"

[surgery]
split = ["counter"]
"""

# %% counter
class Counter:
    def __init__(self):
        self.count = 0

    def step(self):
        return count_up(self)


def count_up(counter):
    counter.count += 1
    return counter.count
