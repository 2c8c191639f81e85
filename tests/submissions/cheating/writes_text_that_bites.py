"""
threat = 22
why = "Markdown, raw cells, attachments and the written answer carry scripts, forms and remote pictures; the work is right."
base = "solution"
"""

# %% surgery
bite = (
    "<script>steal()</script><form action='http://127.0.0.1:9/'><input></form>![x](http://127.0.0.1:9/x.png)"
    "[x](javascript:steal()) <details open ontoggle=steal()> $$\\href{javascript:steal()}{x}$$ ![y](attachment:y.svg)"
)
attached = {"y.svg": {"image/svg+xml": "PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+", "text/html": "<script>steal()</script>"}}
for cell in notebook["cells"]:
    if cell["metadata"].get("nbgrader", {}).get("grade_id") == "why":
        cell.update(source=bite, attachments=attached)
notebook["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": bite, "attachments": attached})
notebook["cells"].insert(1, {"cell_type": "raw", "metadata": {"format": "text/html"}, "source": bite})
notebook["metadata"].update(title=bite, language_info={"name": "python", "pygments_lexer": bite}, widgets={"x": bite})
