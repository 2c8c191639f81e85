"""What a student sees under a test cell at a desk: one line, and behind it the traceback, folded.

JupyterLab, VS Code, a terminal, nbclient and `nbgrader validate` all show what the kernel sends, so it is the kernel
that says it short: `passed`, or the sentence of the failure with the line of the test. Only test cells are changed;
an error anywhere else looks as it always did, and `%tb` shows the last one in full. It marks nothing, and where a
course is graded it does not act.
"""

import ast
import html
import linecache
import os
import re
import sys
import types
from dataclasses import dataclass, field
from typing import Any

from kernelmark.text import words_of_pattern

# In the metadata of an output of ours.
KEY = "kernelmark"
UNWRITTEN = "not written yet"
MAX_SENTENCE_CHARS = 2_000
MAX_STATEMENT_CHARS = 120
MAX_VALUE_CHARS = 60
# Of a folded traceback the newest frames; one of a call that calls itself has megabytes.
MAX_TRACEBACK_CHARS = 40_000
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_RED, _GREY, _PLAIN = "\x1b[1;31m", "\x1b[2m", "\x1b[0m"
# What pytest.raises and unittest say of a message that does not match.
_REGEX = re.compile(
    r"Regex pattern did not match\.\s+(?:Expected regex|Regex): (?P<a>'.*?'|\".*?\")\s+"
    r"(?:Actual message|Input): (?P<b>'.*'|\".*\")|\"(?P<c>.*)\" does not match \"(?P<d>.*)\"",
    re.DOTALL,
)


@dataclass
class _Cell:
    """The cell that runs: whether it is a test, and what its speed checks found."""

    is_test: bool = False
    source: str = ""
    found: list[str] = field(default_factory=list)


_now = _Cell()


def install() -> None:
    """Let the IPython shell that this process is, if it is one of a student's, say its test cells short. Twice is once.

    Where nbgrader grades in a Jupyter kernel, outputs stay as nbgrader stores them; a handler of somebody else's stays.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or type(shell).__module__.startswith("kernelmark.") or shell.custom_exceptions:
        return
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        return
    shell.set_custom_exc((Exception,), _failed)
    shell.events.register("pre_run_cell", _begun)
    shell.events.register("post_run_cell", _ended)


def scored(words: str) -> None:
    """Keep what a speed check of the running cell gave, in words, for the line at its end."""
    _now.found.append(words)


def is_test(source: str) -> bool:
    """Return whether a cell reads as a test: its claim first, as a string of its own, then something that runs."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):  # magics, or a null byte
        return False
    claim = body[0].value if body and isinstance(body[0], ast.Expr) else None
    if not isinstance(claim, ast.Constant) or not isinstance(claim.value, str):
        return False
    defining = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    return any(not isinstance(statement, defining) for statement in body[1:])


def sentence(error: BaseException, statement: str = "", names: dict[str, Any] | None = None, place: str = "") -> str:
    """Return what went wrong in words.

    Args:
        statement: of the test, where it failed.
        names: what the names in it stand for.
        place: where in the student's own code it was raised, or "".
    """
    unwritten = next((e for e in (error, error.__cause__) if isinstance(e, NotImplementedError)), None)
    if unwritten is not None:
        who = _function_of(unwritten) or "your code"
        return f"{UNWRITTEN}: {who} still raises NotImplementedError"
    said = _REGEX.sub(_in_words, str(error).strip()[:MAX_SENTENCE_CHARS])
    if isinstance(error, AssertionError):
        if not said:
            return f"this does not hold: {_condition(statement)}{_values(statement, names or {})}"
        return said
    if isinstance(error, NameError) and not place and error.name:
        return f"name {error.name!r} is not defined: run the cell above that defines it"
    return f"{type(error).__name__}: {said}{place}" if said else f"{type(error).__name__}{place}"


def _begun(info: Any) -> None:
    """Note which cell runs. JupyterLab sends what nbgrader keeps of it; elsewhere it is read from its text."""
    source = info.raw_cell or ""
    marks = _metadata().get("nbgrader")
    known = bool(marks.get("grade") and not marks.get("solution")) if isinstance(marks, dict) else is_test(source)
    _now.is_test, _now.source, _now.found = known and bool(source.strip()), source, []


def _metadata() -> dict[str, Any]:
    shell = sys.modules["IPython"].get_ipython()
    parent: dict[str, Any] = getattr(shell, "get_parent", dict)() or {}
    found = parent.get("metadata")
    return found if isinstance(found, dict) else {}


def _ended(result: Any) -> None:
    if _now.is_test and result.success and result.info.raw_cell == _now.source:
        _display({"text/plain": "; ".join(_now.found) or "passed"}, {"outcome": "passed"})


def _failed(shell: Any, kind: type, error: BaseException, trace: types.TracebackType, tb_offset: Any = None) -> None:
    """Show an error: in a test cell its sentence and the folded traceback, anywhere else as IPython does."""
    if not _now.is_test or isinstance(error, SyntaxError):
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset, running_compiled_code=True)
        return
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace  # for %tb and %debug
    line, statement, names = _failing(shell, trace)
    said = sentence(error, statement, names, _place(shell, error, trace))
    head = f"failed, line {line}: {said}" if line else f"failed: {said}"
    coloured = str(getattr(shell, "colors", "")).lower() != "nocolor"
    red, grey, plain = (_RED, _GREY, _PLAIN) if coloured else ("", "", "")
    first, *more = head.split("\n")
    short = [f"{red}{first}{plain}", *more]
    shown = _condition(statement, whole=True)
    # The pattern of a message stands in the sentence, in words; of what is not written no line says more.
    if shown and shown not in said and "match=" not in shown and not said.startswith(UNWRITTEN):
        short.append(f"{grey}    {shown}{plain}")
    shell._showtraceback(kind, error, short)
    told = {"outcome": "failed", "line": line, "statement": statement, "said": said}
    full = _plain_traceback(shell, kind, error, trace)
    folded = f"<details><summary>Traceback</summary><pre>{html.escape(full)}</pre></details>"
    _display({"text/html": folded, "text/plain": "(%tb shows the traceback)"}, told)


def _display(data: dict[str, str], told: dict[str, Any]) -> None:
    from IPython.display import display

    display(data, raw=True, metadata={KEY: told})


def _plain_traceback(shell: Any, kind: type, error: BaseException, trace: types.TracebackType) -> str:
    lines = shell.InteractiveTB.structured_traceback(kind, error, trace)
    text = _ANSI.sub("", "\n".join(lines))
    return text if len(text) <= MAX_TRACEBACK_CHARS else f"[older frames left out]\n{text[-MAX_TRACEBACK_CHARS:]}"


def _frames(trace: types.TracebackType | None) -> list[tuple[types.FrameType, int]]:
    found = []
    while trace is not None:
        found.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    return found


def _failing(shell: Any, trace: types.TracebackType) -> tuple[int, str, dict[str, Any]]:
    """Return the line of the test cell that failed, from 1, its statement, and the names that it sees; 0 for none."""
    for frame, line in _frames(trace):
        if frame.f_globals is shell.user_ns and frame.f_code.co_name.startswith("<"):
            lines = linecache.getlines(frame.f_code.co_filename)
            return line, _statement("".join(lines) or _now.source, line), dict(frame.f_globals)
    return 0, "", {}


def _statement(source: str, line: int) -> str:
    """Return the innermost statement that a line belongs to; of one with a block the line itself."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # the cell ran, so it is magics that Python cannot read
        tree = ast.Module(body=[], type_ignores=[])
    found = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or 0)]
    inner = max(found, key=lambda node: node.lineno, default=None)
    if inner is None or hasattr(inner, "body"):
        return ([*source.split("\n"), ""] + [""] * line)[line - 1].strip()
    return ast.get_source_segment(source, inner) or ""


def _condition(statement: str, *, whole: bool = False) -> str:
    """Return what a statement asserts, without its message, in a line; any other statement as it is.

    Args:
        whole: with the word `assert`.
    """
    word = ""
    try:
        (node,) = ast.parse(statement).body
        if isinstance(node, ast.Assert):
            word = "assert " if whole else ""
            statement = ast.get_source_segment(statement, node.test) or ""
    except (SyntaxError, ValueError):  # the head of a block
        pass
    text = word + " ".join(statement.split())
    return text if len(text) <= MAX_STATEMENT_CHARS else f"{text[: MAX_STATEMENT_CHARS - 1]}…"


def _values(statement: str, names: dict[str, Any]) -> str:
    """Return what the plain names of an assertion stand for, those that fit a line."""
    try:
        (node,) = ast.parse(statement).body
    except (SyntaxError, ValueError):  # no statement of its own
        return ""
    used = [n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)] if isinstance(node, ast.Assert) else []
    plain = (bool, int, float, complex, str, bytes, type(None), list, tuple, dict, set)
    shown = {name: repr(names[name]) for name in dict.fromkeys(used) if type(names.get(name, print)) in plain}
    told = [f"{name} is {text}" for name, text in shown.items() if len(text) <= MAX_VALUE_CHARS]
    return f"; {', '.join(told[:4])}" if told else ""


def _function_of(error: BaseException) -> str:
    """Return the name of the function that raised, or ""."""
    frames = _frames(error.__traceback__)
    return "" if not frames or frames[-1][0].f_code.co_name.startswith("<") else frames[-1][0].f_code.co_name


def _place(shell: Any, error: BaseException, trace: types.TracebackType) -> str:
    """Return where in a function of the notebook an error was raised, with its line, or ""."""
    own = [(f, line) for f, line in _frames(error.__traceback__ or trace) if f.f_globals is shell.user_ns]
    if not own or own[-1][0].f_code.co_name.startswith("<"):
        return ""
    frame, line = own[-1]
    text = " ".join(linecache.getline(frame.f_code.co_filename, line).split())
    return f" (in {frame.f_code.co_name}, line {line} of its cell{f': {text}' if text else ''})"


def _in_words(match: re.Match[str]) -> str:
    pattern, said = (match["a"], match["b"]) if match["a"] else (repr(match["d"]), repr(match["c"]))
    try:
        pattern = ast.literal_eval(pattern)
    except (SyntaxError, ValueError):  # cut in the middle
        return match[0]
    return f"the message should mention {words_of_pattern(str(pattern))}; it says {said}"
