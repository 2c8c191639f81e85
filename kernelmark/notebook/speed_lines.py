"""What a test's `faster(...)` says, held against its cell's points and the course's own functions.

It measures nothing: how far a line lies from a solution, `kernelmark validate` finds by running it.
"""

import ast
import itertools
from collections.abc import Collection, Iterator, Sequence

from kernelmark.notebook.finding import Finding, Look, first_name, last_name, quoted

# The words of `kernelmark.checks.faster` that must be there, in their order; a test holds them against its signature.
WORDS = ("candidate", "than", "inputs", "expect", "steps")
FURTHER = ("flops", "rtol")


def speed_checks(look: Look) -> list[ast.Call]:
    """Return the calls of `faster` in a cell."""
    return [node for node in look.nodes() if isinstance(node, ast.Call) and last_name(node.func) == "faster"]


def of_speed(look: Look, solved: Collection[str], others: Collection[str]) -> Iterator[Finding]:
    """Yield what is wrong with the speed checks of a test.

    Args:
        solved: the names that solution cells define. others: those that the course's other cells define or import.
    """
    calls = speed_checks(look)
    if len(calls) > 1:
        yield look.error(
            "two-speed-checks",
            f"{len(calls)} speed checks stand in one cell, and a person would have to look",
            "give each a cell of its own",
        )
    for call in calls:
        said = dict(zip(WORDS, call.args, strict=False)) | {word.arg: word.value for word in call.keywords if word.arg}
        spread = any(word.arg is None for word in call.keywords) or any(isinstance(a, ast.Starred) for a in call.args)
        missing = [] if spread else [word for word in WORDS if word not in said]
        unknown = [word for word in said if word not in (*WORDS, *FURTHER)]
        if missing or unknown or len(call.args) > len(WORDS):
            yield look.error(
                "faster-words",
                f"faster() lacks {', '.join(missing)}" if missing else f"faster() knows no {', '.join(unknown)}",
                f"it takes {', '.join(WORDS)}, and {', '.join(FURTHER)} by name",
            )
        if "steps" in said:
            yield from _steps(look, said["steps"])
        if "than" in said:
            yield from _than(look, said["than"], solved, others)


def _steps(look: Look, steps: ast.expr) -> Iterator[Finding]:
    points = look.meta.get("points")
    if not isinstance(steps, ast.Dict) or not isinstance(points, int | float):
        return
    try:
        ladder = sorted((float(ast.literal_eval(k)), float(ast.literal_eval(v))) for k, v in _pairs(steps))
    except (ValueError, TypeError):
        return  # worked out when it runs
    rising = all(low[1] < high[1] for low, high in itertools.pairwise(ladder))
    if not ladder or ladder[0][0] <= 0 or not rising:
        yield look.error(
            "steps-not-rising",
            f"steps={quoted(steps)[1:-1]} give no more points for more speed",
            "write {speed-up: points}, both rising, as in {2: 1, 10: 3}",
        )
        return
    last = ladder[-1][1]
    if last > points:
        yield look.error(
            "steps-too-many",
            f"the last step gives {last:g} points, and the cell has {points:g}",
            "let the last step give the cell's points",
        )
    elif last < points:
        yield look.error(
            "steps-too-few",
            f"the last step gives {last:g} points of the cell's {points:g}: nobody could get them all",
            "let the last step give the cell's points",
        )


def _pairs(steps: ast.Dict) -> Sequence[tuple[ast.expr, ast.expr]]:
    return [(key, value) for key, value in zip(steps.keys, steps.values, strict=True) if key is not None]


def _than(look: Look, than: ast.expr, solved: Collection[str], others: Collection[str]) -> Iterator[Finding]:
    if isinstance(than, ast.Call) and last_name(than.func) == "partial" and than.args:
        than = than.args[0]
    name = first_name(than)
    if name == "reference" and isinstance(than, ast.Attribute):
        if than.attr not in solved and than.attr not in others:
            yield look.error(
                "than-unknown",
                f"than=reference.{than.attr}, and no cell of the course defines {than.attr}",
                "name a function of a solution or set-up cell",
            )
        return
    if name in solved:
        yield look.error(
            "than-of-students",
            f"than={name} is the student's own: who makes it slow wins the race",
            f"write than=reference.{name}",
        )
    elif isinstance(than, ast.Lambda) or (isinstance(than, ast.Name) and name in _defined_here(look)):
        yield look.error(
            "than-not-of-the-course",
            f"than={quoted(than)[1:-1]} is made in the test, where the course's own process cannot find it",
            "define it in a set-up cell, or race reference.NAME or a NumPy function",
        )
    elif not name or name not in others:
        yield look.error(
            "than-not-of-the-course",
            f"than={quoted(than)[1:-1]} is no function of the course's own cells",
            "race reference.NAME, a function of a set-up cell, or a NumPy function",
        )


def _defined_here(look: Look) -> set[str]:
    return {node.name for node in look.body if isinstance(node, ast.FunctionDef)}
