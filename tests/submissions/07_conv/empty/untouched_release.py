"""
why = "The release as it is handed out earns nothing, answers included."
base = "release"
"""
