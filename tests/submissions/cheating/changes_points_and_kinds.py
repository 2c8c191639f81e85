"""
threat = 4
why = "Tests become markdown, solution cells or ungraded, two give a thousand points, and a cell of the student's own gives a thousand more."
base = "release"

[reasons]
add_small = "Not implemented yet"
limit_value = "limit must be 12, got None"
"""

# %% surgery
import copy

tests = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade")]
for number, cell in enumerate(tests):
    marks = cell["metadata"]["nbgrader"]
    if number % 4 == 0:
        cell["cell_type"] = "markdown"
        cell.pop("outputs"), cell.pop("execution_count")
    elif number % 4 == 1:
        marks.update(solution=True, locked=False)
    elif number % 4 == 2:
        marks.update(grade=False)
    else:
        marks.update(points=1000)
        cell["source"] = "1000"
bonus = copy.deepcopy(tests[3])
bonus["id"] = "bonus"
bonus["metadata"]["nbgrader"].update(grade_id="bonus", points=1000)
notebook["cells"].append(bonus)
