"""Where an nbgrader_config.py of before December 2026 imports from: nothing is here but the way on.

Every such configuration imports `Grade` from here, so this one file speaks for all that moved.
"""

raise ImportError(
    "what this nbgrader_config.py imports has moved: take kernelmark.course.autograde for kernelmark.autograde, "
    "kernelmark.course.sheet for kernelmark.sheet and kernelmark.notebook.markup for kernelmark.pages, in "
    "nbgrader_config.py, and no more need be changed"
)
