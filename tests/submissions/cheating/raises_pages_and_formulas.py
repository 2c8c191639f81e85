"""
threat = 22
why = "Exceptions whose name and message are markup, terminal codes and spreadsheet formulas, for whoever reads the reason."
base = "solution"

[marks]
add_small = 0
add_arrays = 0
limit_value = 0

[reasons]
add_small = "<script>steal()</script>"
limit_value = "limit must be 12, got =HYPERLINK"
"""

# %% add
Bite = type("=1+1<img src=x onerror=steal()>", (ValueError,), {"__module__": "<script>steal()</script>"})


def add(a, b):
    raise Bite("<script>steal()</script>\x1b[2J\x1b]0;owned\x07 =cmd|' /C calc'!A0 \u202e gnp")


# %% limit
limit = "=HYPERLINK(\"http://127.0.0.1:9/\"; \"your marks\")"
