"""
threat = 15
why = "smooth is the number 5: there is nothing to race, which is no fault of the course's."
base = "solution"

[marks]
smooth_values = 0
smooth_speed = 0

[reasons]
smooth_values = "not callable"
smooth_speed = "smooth must be a function"
"""

# %% smooth
smooth = 5
