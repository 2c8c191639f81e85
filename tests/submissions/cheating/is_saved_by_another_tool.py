"""
threat = 23
why = "Saved by an editor that keeps no cell ids, names another kernel, adds metadata of its own and an older schema; the work is right."
base = "solution"
"""

# %% surgery
notebook.update(nbformat_minor=2, metadata={"kernelspec": {"name": "conda-env-x", "display_name": "X"}, "colab": {}})
for cell in notebook["cells"]:
    cell.pop("id", None)
    cell["metadata"].update(collapsed=True, id="abc", tags=[], executionInfo={"status": "ok"})
    marks = cell["metadata"].get("nbgrader")
    if marks:
        marks["schema_version"] = 1
        marks.pop("task", None)
    cell["source"] = cell["source"].replace("\n", "\r\n") if isinstance(cell["source"], str) else cell["source"]
