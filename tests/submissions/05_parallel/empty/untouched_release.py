"""
why = "Nothing was done."
base = "release"
"""
