"""Whether a test asks pyplot for the figures that the solution draws, read from the instructor's text alone.

At a desk there is one pyplot: `plt.gca()` in a test is where the solution drew. A test that draws a picture of its own,
to compare with, keeps its pyplot to itself: what it draws is what submitted code should not see. It runs nothing.
"""

import ast
import re
from collections.abc import Collection
from typing import Literal

from kernelmark.notebook.cells import body_of
from kernelmark.notebook.patching import imports_of

# "anew": with no figure of before, as where pictures are shown inline, after each cell; "kept": with those of before.
Figures = Literal["", "anew", "kept"]
PYPLOT = "matplotlib.pyplot"
# What of pyplot is about the figures that are there.
ASKS = frozenset(
    {"gca", "gcf", "gci", "sca", "figure", "subplots", "subplot", "axes", "close", "clf", "cla", "show"}
    | {"get_fignums", "get_figlabels", "fignum_exists", "subplot_mosaic", "get_current_fig_manager"}
)
_DRAWS = frozenset(
    {"plot", "scatter", "bar", "barh", "bar_label", "hist", "hist2d", "hexbin", "imshow", "matshow", "pie", "boxplot"}
    | {
        "violinplot",
        "errorbar",
        "step",
        "stem",
        "stairs",
        "fill",
        "fill_between",
        "fill_betweenx",
        "stackplot",
        "eventplot",
    }
    | {
        "contour",
        "contourf",
        "pcolor",
        "pcolormesh",
        "tripcolor",
        "quiver",
        "streamplot",
        "loglog",
        "semilogx",
        "semilogy",
    }
    | {
        "plot_surface",
        "plot_wireframe",
        "polar",
        "axhline",
        "axvline",
        "axline",
        "hlines",
        "vlines",
        "annotate",
        "text",
    }
    | {
        "arrow",
        "table",
        "add_patch",
        "add_line",
        "add_artist",
        "add_collection",
        "set_title",
        "set_xlabel",
        "set_ylabel",
    }
    | {"title", "xlabel", "ylabel", "suptitle", "legend", "colorbar", "set_data", "set_xdata", "set_ydata", "set"}
)
_BACKEND = re.compile(r"matplotlib\.use\s*\(|mpl\.use\s*\(|switch_backend|%matplotlib\s+(?!inline)\w|MPLBACKEND")


def figures(source: str, others: Collection[str], solved: Collection[str]) -> Figures:
    """Return how a test asks for the figures of the solution, "" where it does not.

    Args:
        source: the test's text. others: the text of the notebook's other cells. solved: the names of the solution.
    """
    if not any(f"{name}(" in source for name in ASKS):
        return ""
    known = {name: dotted for text in (*others, source) for name, dotted in imports_of(text)}
    asks = False
    for node in (node for statement in body_of(source) for node in ast.walk(statement)):
        if not isinstance(node, ast.Call):
            continue
        dotted = _dotted(node.func, known)
        if dotted.startswith(f"{PYPLOT}.") and dotted.removeprefix(f"{PYPLOT}.") in ASKS:
            asks = True
        elif (isinstance(node.func, ast.Attribute) and node.func.attr in _DRAWS and _root(node.func) not in solved) or (
            dotted.startswith(f"{PYPLOT}.") and dotted.removeprefix(f"{PYPLOT}.") in _DRAWS
        ):
            return ""
    if not asks:
        return ""
    return "kept" if any(_BACKEND.search(text) for text in (*others, source)) else "anew"


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _dotted(node: ast.AST, known: dict[str, str]) -> str:
    """Return the name of a function with its module's, where it is one of a module's."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([known[node.id], *names[::-1]]) if isinstance(node, ast.Name) and node.id in known else ""
