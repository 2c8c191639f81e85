"""Which of the instructor's plain cells do with students' answers what reaches beyond them: evaluate, unpickle, write.

A plain cell was written to run beside the code that it asks. In the judge its `eval(answer())` would run submitted
text with the grader's rights, its `open(answer(), "w")` empty a file. It reads text and runs nothing.
"""

import ast
from collections.abc import Collection

from kernelmark.notebook.cells import body_of, bound_names, imported_names, used_names

_EVALUATE = frozenset({"eval", "exec", "compile", "__import__", "import_module", "read_pickle", "run_line_magic"})
# With a name of the instructor's own in the first place they write where the judge's own files lie.
_OPEN = frozenset(
    {"open", "Path", "write_text", "write_bytes", "savetxt", "save", "savez", "savefig", "to_csv", "to_excel", "memmap"}
    | {"to_pickle", "to_parquet", "to_hdf", "unlink", "rmtree", "rmdir", "rename", "mkdir", "makedirs", "touch"}
)
_MODULES = frozenset(
    {"os", "shutil", "subprocess", "pickle", "dill", "joblib", "marshal", "shelve", "importlib", "ctypes", "socket"}
    | {"runpy", "yaml", "sys"}
)
_HARMLESS = frozenset({"getcwd", "listdir", "cpu_count", "getenv", "path", "environ", "urandom"})


def of_students(sources: Collection[str], solved: Collection[str]) -> set[str]:
    """Return the names that hold what students' code says: its own, and what plain cells make of them, in their order.

    Args:
        sources: of the cells that no student writes.
    """
    names = set(solved) - set().union(*(imported_names(source) for source in sources))
    for source in sources:
        if used_names(source) & names:
            names |= bound_names(source) - imported_names(source)
    return names


def reaches_out(source: str) -> bool:
    """Say whether a cell calls something that does more with a text than look at it."""
    calls = [each for node in body_of(source) for each in ast.walk(node) if isinstance(each, ast.Call)]
    return any(_reaches(call) for call in calls)


def _reaches(call: ast.Call) -> bool:
    steps = _steps(call.func)
    if steps[0] in _MODULES and len(steps) > 1 and steps[1] not in _HARMLESS:
        return True
    named = bool(call.args) and isinstance(call.args[0], ast.Constant)
    return steps[-1] in _EVALUATE or (steps[-1] in _OPEN and not named)


def _steps(function: ast.AST) -> list[str]:
    """Return the names on the way to a function: ["os", "path", "join"]; "" for what is no name."""
    if isinstance(function, ast.Attribute):
        return [*_steps(function.value), function.attr]
    return [function.id] if isinstance(function, ast.Name) else [""]
