"""
threat = 23
why = "Deletes a solution cell and a test cell by accident; what is left is right."
base = "solution"

[marks]
counter_steps = 0

[reasons]
counter_steps = "'Counter' is not defined"

[surgery]
delete = ["counter", "limit_value", "smooth_speed"]
"""

# %% limit
limit = 12
