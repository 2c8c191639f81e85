"""
why = "Handed in as it was released."
base = "release"
"""
