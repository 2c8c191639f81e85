"""
threat = 22
why = "Pages and drawings with scripts beside the notebook, where formgrader would serve them; the answer links to them."
base = "solution"
"""

# %% + before=add
assert "steal" in open("plot.html").read()

# %% file:plot.html
<!doctype html><script>fetch("/formgrader/api/submissions").then(steal)</script>

# %% file:plot.svg
<svg xmlns="http://www.w3.org/2000/svg" onload="steal()"/>

# %% surgery
for cell in notebook["cells"]:
    if cell["metadata"].get("nbgrader", {}).get("grade_id") == "why":
        cell["source"] = "See [my plot](plot.html), [this](./plot.svg) and ![that](plot.svg)."
