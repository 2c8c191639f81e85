"""
threat = 23
why = "An exception class of its own, caught and raised in one wrong function; an error in a cell to try."
base = "solution"

[marks]
limit_value = 0
apply_calls = 0

[reasons]
apply_calls = "TooHard: this one is open"
"""

# %% apply
class TooHard(Exception):
    def __init__(self, what, *, hint):
        super().__init__(f"{what} is open")
        self.hint = hint


def apply(function, values):
    raise TooHard("this one", hint="later")


# %% limit
limit = undefined_name

# %% + before=smooth
1 / 0
