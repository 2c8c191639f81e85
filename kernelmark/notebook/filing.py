"""Which files a test has in common with the solution, read from the instructor's text alone.

At a desk both work in one folder: a test writes a file that a function of the solution reads, or reads one that the
solution has written. It says whether a text is about files, and which names it has for them; it opens none.
"""

import ast
import re
from collections.abc import Iterator

from kernelmark.notebook.cells import body_of

# A text about files, folders or the environment.
_ABOUT_FILES = re.compile(
    r"(?:(?<![.\w])open|\b(?:Path|fopen|savetxt|loadtxt|genfromtxt|fromfile|tofile|savez\w*|memmap|makedirs|mkdir"
    r"|read_(?:text|bytes|csv|json|table|fwf|html|xml)|write_(?:text|bytes)|to_(?:csv|json|html|xml|string)"
    r"|listdir|scandir|unlink|rmtree|is_file|is_dir|exists|glob|chdir|getenv|putenv|setenv))\s*\("
    r"|\b(?:np|numpy)\.(?:save|load)\b|\b(?:tempfile|pathlib|shutil|environ|tmp_path)\b"
    r"|\bos\.(?:path|remove|rename|stat)\b|^\s*%%(?:writefile|file)\b|^\s*%cd\b",
    re.MULTILINE,
)
# A text that makes code or objects of what it reads: nothing that a submission wrote may lie where it reads.
_RUNS_WHAT_IT_READS = re.compile(
    r"(?<![.\w])(?:exec|eval|compile|__import__|execfile)\s*\(|\bbuiltins\s*\.\s*(?:exec|eval|compile)\b"
    r"|\b(?:c?pickle|joblib|dill|cloudpickle|shelve|marshal|subprocess|runpy|importlib|ctypes|zipimport|pty"
    r"|allow_pickle|read_pickle|unsafe_load|UnsafeLoader|full_load|run_path|run_module|run_cell|run_line_magic)\b"
    r"|\btorch\.(?:load|jit)\b|\byaml\.load\b|\bos\.(?:system|popen|exec\w+|spawn\w+|posix_spawn\w*)\b"
    r"|^\s*(?:%(?:run|load)|!|%%(?:bash|sh|script|!))|=\s*!",
    re.MULTILINE,
)
_WRITTEN_BY_MAGIC = re.compile(r"^\s*%%(?:writefile|file)\s+(?:-a\s+)?(\S+)", re.MULTILINE)
MAX_NAMES = 500
MAX_NAME_CHARS = 200
# What a format puts into a text.
_HOLE = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?[sdifrgx]|\{[^{}]*\}")


def is_about_files(source: str) -> bool:
    """Say whether a cell's text is about files."""
    return _ABOUT_FILES.search(source) is not None


def runs_what_it_reads(source: str) -> bool:
    """Say whether a cell's text may make code or objects of what a file holds."""
    return _RUNS_WHAT_IT_READS.search(source) is not None


def names_of_files(source: str) -> set[str]:
    """Return the texts of a cell that may be names of files, with * for what a format puts in."""
    found = {text for node in body_of(source) for text in _texts(node)} | set(_WRITTEN_BY_MAGIC.findall(source))
    return set(sorted(text for text in found if _may_be_a_name(text))[:MAX_NAMES])


def _texts(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.JoinedStr):
            yield "".join(
                str(part.value).replace("*", "") if isinstance(part, ast.Constant) else "*" for part in inner.values
            )
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value
            yield _HOLE.sub("*", inner.value)
            if inner.value.startswith("."):  # `with_suffix`
                yield f"*{inner.value}"


def _may_be_a_name(text: str) -> bool:
    """Say whether a text can name a file; one that is all but holes names any, and so none."""
    plain = 0 < len(text) <= MAX_NAME_CHARS and text.isprintable() and ".." not in text.split("/")
    return plain and any(character.isalnum() for character in text)
