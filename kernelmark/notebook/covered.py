"""What the tests of a notebook ask of its solutions, and what students are told of it.

Functions that no test asks for, tests that ask for nobody's work, names and imports that students do not get, and the
items of contracts. It reads text: whether a test catches wrong work, `kernelmark audit` tries.
"""

import ast
import re
from collections.abc import Iterator, Sequence

from nbformat.notebooknode import NotebookNode

from kernelmark.notebook.cells import (
    bound_names,
    imported_names,
    mark_scheme,
    used_names,
    without_hidden_lines,
)
from kernelmark.notebook.contracts import contracts
from kernelmark.notebook.filing import is_about_files
from kernelmark.notebook.finding import Finding, Look, listed
from kernelmark.notebook.markers import Markers

# A solution of fewer lines may stand elsewhere by chance.
MIN_LINES_PUBLISHED = 3
# A test of these looks at more than names: plots, printed text, what ran.
_LOOKS_ELSEWHERE = re.compile(r"\b(?:plt|gcf|gca|fig\w*|In|Out|get_ipython|globals|vars|capsys|sys\.stdout)\b|_ih|_oh")


def of_solutions(looks: Sequence[Look], markers: Markers) -> Iterator[Finding]:
    """Yield what solutions define that no test asks for, or that students cannot know."""
    tests = [look for look in looks if look.is_test and not look.autotest]
    if not tests:
        return
    named = set().union(*(_asked(test) for test in tests))
    reached = _reached(looks, named)
    given = {look.number: released_text(look, markers) for look in looks}
    visible = "\n".join(given.values())
    autotests = "\n".join(look.source for look in looks if look.autotest)
    for look in looks:
        if not (look.solution and look.code and not look.grade):
            continue
        for name in _functions(look):
            if name not in reached and not name.startswith("_") and not _is_word(name, autotests):
                yield look.warning(
                    "never-tested",
                    f"no test asks for {name}, so any {name} gets the points of this cell",
                    "add a test that calls it",
                )
        asked = [name for name in sorted(_made(look)) if name in named and not _is_word(name, visible)]
        if asked:
            yield look.warning(
                "not-told",
                f"tests need {listed(asked)}, and nothing that students get says the name",
                "say it in the text, or leave the line that defines it outside the solution's marks",
            )
        yield from _imports(look, looks, given)
    yield from _published(looks, given, markers)


def of_tests(looks: Sequence[Look]) -> Iterator[Finding]:
    """Yield tests that ask for nothing of a student's, tests that stand twice, and a notebook without hidden ones."""
    tests = [look for look in looks if look.is_test and not look.autotest and look.body]
    solved = {name for look in looks if look.solution and look.code for name in bound_names(look.source)}
    theirs = _of_students(looks, solved)
    seen: dict[str, Look] = {}
    for test in tests:
        looks_elsewhere = is_about_files(test.source) or _LOOKS_ELSEWHERE.search(test.source)
        own = used_names(test.source) | set(_words_in_texts(test))
        if solved and not own & theirs and not looks_elsewhere:
            yield test.warning(
                "asks-nobody",
                "it asks for no name that a solution defines, so it passes whatever is handed in",
                "call the student's function; reference.NAME is the course's own",
            )
        text = ast.dump(ast.Module(_without_claim(test.body), []))
        if text in seen:
            yield test.warning(
                "test-twice",
                f"it says what {seen[text].name} says",
                "was it copied to be changed? change it, or take it out",
            )
        seen.setdefault(text, test)
    if tests and solved and not any(test.hidden for test in tests) and not any(look.autotest for look in looks):
        yield Finding(
            "warning",
            "no-hidden-tests",
            "notebook",
            "no test has a hidden part, so answers to all that is asked can be written down",
            "put some cases between '### BEGIN HIDDEN TESTS' and '### END HIDDEN TESTS'",
        )


def of_contracts(notebook: NotebookNode, looks: Sequence[Look]) -> Iterator[Finding]:
    """Yield the items of contracts that name no test, or one that is none; nothing where no contract names any."""
    found = list(contracts(notebook))
    if not any(_names_tests(notebook, number) for number, _, _ in found):
        return
    tests = {look.grade_id for look in looks if look.is_test}
    known = {look.grade_id for look in looks if look.grade_id}
    for number, items, named in found:
        look = looks[number]
        if named < 0 and _names_tests(notebook, number):
            yield look.error(
                "contract-malformed",
                "its metadata names tests in a form that nobody can read",
                'write {"kernelmark": {"contract": [["grade_id"], ...]}}, a list for each item',
            )
            continue
        if named > len(items):
            yield look.error(
                "contract-malformed",
                f"its metadata names tests for {named} items, and its contract has {len(items)}",
                "give a list for each item, in order",
            )
        for item in items:
            short = repr(item.text if len(item.text) <= 50 else f"{item.text[:47]}...")
            if not item.tests:
                yield look.warning(
                    "contract-untested", f"no test is named for {short}", "name its grade ids in the cell's metadata"
                )
            for name in item.tests:
                if name not in known:
                    yield look.error(
                        "contract-unknown", f"{short} names {name!r}, and no cell has this grade id", "mend the name"
                    )
                elif name not in tests:
                    yield look.warning(
                        "contract-no-test", f"{short} names {name!r}, which is no test", "name a test that holds it"
                    )


def released_text(look: Look, markers: Markers) -> str:
    """Return about what students get of a cell."""
    if look.is_test:
        return without_hidden_lines(look.source, markers.hidden)
    if look.solution and markers.solution.begin not in look.source:
        return ""
    text = _outside(look.source, markers.solution.begin, markers.solution.end)
    scheme = mark_scheme(text, markers.scheme)
    return text.replace(scheme, "") if scheme else text


def _outside(source: str, begin: str, end: str) -> str:
    kept, inside = [], False
    for line in source.split("\n"):
        inside = inside or begin in line
        if not inside:
            kept.append(line)
        inside = inside and end not in line
    return "\n".join(kept)


def _is_word(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _functions(look: Look) -> list[str]:
    return [node.name for node in look.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]


def _made(look: Look) -> frozenset[str]:
    return bound_names(look.source) - imported_names(look.source)


def _words_in_texts(look: Look) -> Iterator[str]:
    """Yield what may be names in texts: of `getattr`, `eval`, a table of names."""
    for statement in _without_claim(look.body):
        for node in ast.walk(statement):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if text.isidentifier() or "(" in text:
                yield from re.findall(r"[^\W\d]\w*", text)


def _asked(test: Look) -> set[str]:
    """Return the names that a test asks for, in texts and as attributes too."""
    attributes = {node.attr for node in test.nodes() if isinstance(node, ast.Attribute)}
    return set(used_names(test.source)) | set(_words_in_texts(test)) | attributes


def _uses(looks: Sequence[Look]) -> list[tuple[set[str], set[str]]]:
    """Return what each statement of a notebook's code gives a meaning, and what it asks for."""
    return [_names(statement) for look in looks if look.code for statement in look.body]


def _names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    bound, used = set[str](), set[str]()
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound |= {(alias.asname or alias.name).split(".")[0] for alias in names}
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
                bound.add(name)  # what a method is called of may be changed by it
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                bound.add(name)
    return bound, used


def _reached(looks: Sequence[Look], names: set[str]) -> set[str]:
    """Return the names that these names lead to."""
    uses = _uses(looks)
    found, fresh = set(names), set(names)
    while fresh:
        wanted = set().union(*(used for bound, used in uses if bound & fresh))
        fresh = wanted - found
        found |= wanted
    return found


def _of_students(looks: Sequence[Look], solved: set[str]) -> set[str]:
    """Return the names that hold or ask for what students write."""
    uses = [each for look in looks if not look.is_test for each in _uses([look])]
    found = set(solved)
    while further := set().union(*(bound - found for bound, used in uses if used & found)):
        found |= further
    return found


def _without_claim(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    first = body[0].value if body and isinstance(body[0], ast.Expr) else None
    return list(body[1:] if isinstance(first, ast.Constant) and isinstance(first.value, str) else body)


def _imports(look: Look, looks: Sequence[Look], given: dict[int, str]) -> Iterator[Finding]:
    """Find imports in what students do not get that cells which they do get need."""
    released = {name for other in looks if other.code for name in bound_names(given[other.number])}
    hidden = imported_names(look.source) - released
    users = [
        other
        for other in looks
        if other.code and other is not look and not other.solution and used_names(other.source) & hidden
    ]
    if users:
        names = sorted(hidden & set().union(*(used_names(other.source) for other in users)))
        yield look.warning(
            "import-in-solution",
            f"{listed(names)} is imported only where students get nothing, and {users[0].name} needs it",
            "import it in a set-up cell",
        )


def _published(looks: Sequence[Look], given: dict[int, str], markers: Markers) -> Iterator[Finding]:
    """Find solutions that stand a second time where the release keeps them."""
    plain = {number: _squeezed(text) for number, text in given.items()}
    for look in looks:
        if not (look.solution and look.code):
            continue
        kept = set(given[look.number].split("\n"))
        lines = [line for line in look.source.split("\n") if line not in kept and not line.strip().startswith("#")]
        region = _squeezed("\n".join(lines))
        if len([line for line in lines if line.strip()]) < MIN_LINES_PUBLISHED:
            continue
        for other in looks:
            if other is not look and other.code and region in plain[other.number]:
                yield other.error(
                    "solution-published",
                    f"it holds the solution of {look.name}, word by word, and students get it",
                    "take it out",
                )


def _squeezed(text: str) -> str:
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def _names_tests(notebook: NotebookNode, number: int) -> bool:
    said = notebook.cells[number].metadata.get("kernelmark")
    return isinstance(said, dict) and "contract" in said
