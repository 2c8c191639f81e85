"""What in a cell does not work where it is graded: words with no meaning in the judge, own stopwatches, lost files.

And what a test gives away or leaves to chance. It opens no file: it looks whether one is there.
"""

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from kernelmark.notebook.finding import Finding, Look, first_name, last_name, quoted

_CLOCKS = frozenset({"perf_counter", "perf_counter_ns", "time_ns", "monotonic", "monotonic_ns", "process_time"})
# Words that mean something else, or nothing, in a process without the student's names; and what to do.
_WORDS = {
    "input": ("asks a person who is not there", "give the answer in the test, or put another function in its place"),
    "get_ipython": ("is no Jupyter kernel where tests are judged", "ask for what the student's function returns"),
    "currentframe": ("sees frames of the judge", "ask for what the student's function returns"),
    "_getframe": ("sees frames of the judge", "ask for what the student's function returns"),
    "settrace": ("traces the judge, and no line of the student's runs there", "count through the arguments you pass"),
    "setprofile": ("traces the judge, and no line of the student's runs there", "count through the arguments you pass"),
    "globals": ("are the judge's names; the student's stay in another process", "name what you mean"),
    "exit": ("ends the judge", "raise an AssertionError that says what is wrong"),
    "quit": ("ends the judge", "raise an AssertionError that says what is wrong"),
    "_exit": ("ends the judge", "raise an AssertionError that says what is wrong"),
    "breakpoint": ("waits for a person who is not there", "take it out"),
    "set_trace": ("waits for a person who is not there", "take it out"),
}
_DRAWS = frozenset(
    {"rand", "randn", "randint", "random", "choice", "shuffle", "uniform", "normal", "permutation", "sample", "gauss"}
    | {"random_sample", "standard_normal", "randrange", "choices"}
)
_SEEDS = frozenset({"seed", "manual_seed", "set_seed"})
_READERS = frozenset(
    {"open", "load", "loadtxt", "genfromtxt", "fromfile", "read_csv", "read_json", "read_excel", "read_table"}
    | {"read_parquet", "read_pickle", "read_fwf", "read_html", "imread", "loadmat", "memmap"}
)
_READERS_OF_PATHS = frozenset({"read_text", "read_bytes"})
_WRITERS = frozenset(
    {"save", "savez", "savez_compressed", "savetxt", "tofile", "to_csv", "to_json", "to_excel", "to_parquet"}
    | {"to_pickle", "savefig", "imwrite", "imsave", "write_text", "write_bytes", "touch", "mkdir", "makedirs", "copy"}
    | {"copyfile", "rename", "replace", "urlretrieve", "dump"}
)
_WRITTEN_BY_MAGIC = re.compile(r"^\s*%%(?:writefile|file)\s+(?:-a\s+)?(\S+)|>\s*([\w./-]+)\s*$", re.MULTILINE)
# Theirs is every Linux machine, and a place for what a notebook writes itself.
_EVERYWHERE = ("/proc/", "/sys/", "/dev/", "/tmp/", "/etc/")
_ELSEWHERE = re.compile(r"(?:/|~|[A-Za-z]:[\\/])")
_NETWORK = re.compile(r"(?:https?|ftp|s3|gs)://")
_INSTALLS = re.compile(r"^\s*[!%]\s*(?:pip3?|conda|mamba|apt|apt-get|wget|curl|git)\b", re.MULTILINE)
# Numbers of fewer digits, zeros at either end left out, stand in many a message by chance.
MIN_TELLING_DIGITS = 2
MAX_NAME_CHARS = 200


def of_words(look: Look) -> Iterator[Finding]:
    """Yield words of a test that mean something else where it is judged."""
    for node in look.nodes():
        if not isinstance(node, ast.Call):
            continue
        name, first = last_name(node.func), first_name(node.func)
        plain = isinstance(node.func, ast.Name) or first in ("inspect", "sys", "os", "pdb", "builtins")
        if name in _WORDS and plain:
            what, remedy = _WORDS[name]
            yield look.warning("unfit-word", f"{quoted(node.func)[1:-1]}(): {what}", remedy)
    yield from _stopwatch(look)


def _stopwatch(look: Look) -> Iterator[Finding]:
    calls = [node for node in look.nodes() if isinstance(node, ast.Call)]
    clocks = [c for c in calls if last_name(c.func) in _CLOCKS or (first_name(c.func), last_name(c.func)) in _TIMES]
    magic = re.search(r"^\s*(?:\w+\s*=\s*)?%timeit\b|\A\s*%%timeit", look.source, re.MULTILINE)
    if clocks or magic:
        used = quoted(clocks[0].func)[1:-1] if clocks else "%timeit"
        yield look.warning(
            "own-stopwatch",
            f"{used} reads the judge's wall clock, where a busy machine and the way to the student's process count too",
            "use faster(), which measures from outside, in pairs, until the verdict is certain",
        )


_TIMES = frozenset({("time", "time"), ("timeit", "timeit"), ("timeit", "repeat"), ("datetime", "now")})


def of_chance(look: Look, *, seeded: bool) -> Iterator[Finding]:
    """Yield what a test draws without a seed.

    Args:
        seeded: whether a set-up cell before it seeds.
    """
    calls = [node for node in look.nodes() if isinstance(node, ast.Call)]
    if seeded or any(last_name(call.func) in _SEEDS for call in calls):
        return
    for call in calls:
        name, text = last_name(call.func), ast.unparse(call.func)
        bare = name == "default_rng" and not call.args and not call.keywords
        drawn = name in _DRAWS and re.fullmatch(r"(?:(?:np|numpy)\.)?random\.\w+", text) is not None
        if bare or drawn:
            yield look.warning(
                "no-seed",
                f"{quoted(call)} draws something else each time, so two runs may give two marks",
                "draw from np.random.default_rng(A_NUMBER)",
            )
            return


def seeds(look: Look) -> bool:
    """Say whether a cell seeds at its top level."""
    return any(isinstance(node, ast.Call) and last_name(node.func) in _SEEDS for node in look.nodes())


def of_hidden(look: Look) -> Iterator[Finding]:
    """Yield what a hidden test gives away: what it prints, and answers in its messages."""
    for statement in look.body:
        for node in ast.walk(statement):
            if getattr(node, "lineno", 0) not in look.hidden:
                continue
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "display"):
                yield look.warning(
                    "hidden-printed",
                    f"{quoted(node)} in a hidden test is shown in feedback",
                    "take it out; an assertion's message is shown, too",
                )
            elif isinstance(node, ast.Compare):
                yield from _told_answer(look, node)


def _told_answer(look: Look, test: ast.Compare) -> Iterator[Finding]:
    """Find the number that a hidden line compares with in words of the cell that students see."""
    if not all(isinstance(operator, ast.Eq) for operator in test.ops):
        return
    said = "\n".join(_visible_words(look))
    for side in (test.left, *test.comparators):
        value = side.value if isinstance(side, ast.Constant) else None
        text = str(value)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        telling = number and len(text.strip("0.")) >= MIN_TELLING_DIGITS
        if telling and re.search(rf"(?<![\w.]){re.escape(text)}(?!\.?\w)", said):
            yield look.warning(
                "hidden-told",
                f"{text[:20]}, which a hidden line compares with, stands in words that students see",
                "take another case, or other words",
            )


def _visible_words(look: Look) -> Iterator[str]:
    """Yield the texts and comments of the lines that students see."""
    for node in look.nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno not in look.hidden:
            yield node.value
    for number, line in enumerate(look.source.lstrip("\n").split("\n"), 1):
        if number not in look.hidden and "#" in line:
            yield line.partition("#")[2]


def of_files(looks: Sequence[Look], folder: Path) -> Iterator[Finding]:
    """Yield files that cells read by name and that are not there.

    Args:
        folder: where the notebook lies.
    """
    code = [look for look in looks if look.code]
    written = {name for look in code for name in _written(look)}
    for look in code:
        for name, certain in _read(look):
            if _NETWORK.match(name):
                yield look.warning(
                    "network",
                    f"{name[:60]!r} is read from the network, which is not there when work is graded",
                    "put the file beside the notebook",
                )
            elif name.startswith(_EVERYWHERE):
                continue
            elif _ELSEWHERE.match(name):
                yield look.warning(
                    "file-elsewhere",
                    f"{name[:60]!r} lies on your machine, and on no other",
                    "put the file beside the notebook, and name it alone",
                )
            elif not _there(name, written, folder):
                yield (look.error if certain else look.warning)(
                    "file-missing",
                    f"{name[:60]!r} is read, lies not beside the notebook, and nothing writes it",
                    "put it there, or mend the name",
                )
        if found := _INSTALLS.search(look.source):
            yield look.warning(
                "network",
                f"{found[0].strip()!r} wants the network, which is not there when work is graded",
                "install it where students work and where work is graded",
            )


def _there(name: str, written: Collection[str], folder: Path) -> bool:
    plain = str(Path(name))
    made = any(fnmatch(plain, str(Path(each))) or str(Path(each)).endswith(f"/{Path(name).name}") for each in written)
    return made or ".." in Path(name).parts or (folder / plain).exists()


def _read(look: Look) -> Iterator[tuple[str, bool]]:
    """Yield the files that a cell reads by a literal name, and whether it does so whenever it runs."""
    expected = _lines_that_may_fail(look)
    tops = {id(inner) for statement in look.body if not _later(statement) for inner in ast.walk(statement)}
    for node in look.nodes():
        if not isinstance(node, ast.Call) or node.lineno in expected:
            continue
        name = _literal(node)
        reads = last_name(node.func) in _READERS and not _writes(node)
        if last_name(node.func) == "open" and isinstance(node.func, ast.Attribute) and not name:
            reads = False
        if last_name(node.func) in _READERS_OF_PATHS or (last_name(node.func) == "open" and not name):
            inner = node.func.value if isinstance(node.func, ast.Attribute) else None
            name = _literal(inner) if isinstance(inner, ast.Call) and last_name(inner.func) == "Path" else ""
            reads = bool(name) and not _writes(node)
        if reads and name:
            counts = look.locked or look.grade or look.solution
            yield name, counts and id(node) in tops


def _later(statement: ast.stmt) -> bool:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If | ast.Try
    return isinstance(statement, kinds)


def _lines_that_may_fail(look: Look) -> set[int]:
    """Return the lines in which a missing file is what is asked for, or provided for."""
    found: set[int] = set()
    for node in look.nodes():
        asks = isinstance(node, ast.With) and any("raises" in ast.unparse(item.context_expr) for item in node.items)
        if asks or isinstance(node, ast.Try):
            found |= {inner.lineno for inner in ast.walk(node) if isinstance(inner, ast.expr)}
    return found


def _literal(call: ast.Call) -> str:
    """Return the text that a call is given first, where it may be the name of a file."""
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Call) and last_name(first.func) == "Path":
        return _literal(first)
    value = first.value if isinstance(first, ast.Constant) else None
    return value if isinstance(value, str) and 0 < len(value) < MAX_NAME_CHARS and "\n" not in value else ""


def _writes(call: ast.Call) -> bool:
    """Say whether an `open` makes the file."""
    at = 1 if isinstance(call.func, ast.Name) or _literal(call) else 0
    given = [*call.args[at : at + 1], *(word.value for word in call.keywords if word.arg == "mode")]
    return any(isinstance(g, ast.Constant) and isinstance(g.value, str) and set(g.value) & set("wax") for g in given)


def _written(look: Look) -> Iterator[str]:
    yield from (name for pair in _WRITTEN_BY_MAGIC.findall(look.source) for name in pair if name)
    for node in look.nodes():
        if not isinstance(node, ast.Call):
            continue
        writes = last_name(node.func) in _WRITERS or (last_name(node.func) == "open" and _writes(node))
        if writes:
            texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
            if isinstance(node.func, ast.Attribute) and isinstance(
                node.func.value, ast.Name
            ):  # `path.write_text(...)`: the name is in some variable of the cell
                texts += [_named(inner) for inner in look.nodes() if _named(inner)]
            yield from (text for text in texts if 0 < len(text) < MAX_NAME_CHARS)
            yield from (f"{text}.npy" for text in texts if 0 < len(text) < MAX_NAME_CHARS)


def _named(node: ast.AST) -> str:
    """Return the file that a statement gives a name: `path = Path("a.txt")`, `path = "a.txt"`."""
    match node:
        case ast.Assign(value=ast.Call() as call) if last_name(call.func) == "Path":
            return _literal(call)
        case ast.Assign(value=ast.Constant(str(text))):
            return text
    return ""
