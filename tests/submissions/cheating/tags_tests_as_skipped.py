"""
threat = 4
why = "The locked cells are tagged skip-execution and raises-exception."
base = "release"

[reasons]
add_small = "Not implemented yet"
limit_value = "limit must be 12, got None"
"""

# %% surgery
for cell in notebook["cells"]:
    if cell["metadata"].get("nbgrader", {}).get("grade"):
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception"]
