"""A course begun: `kernelmark init` and `kernelmark new` write the files that an instructor starts from.

It writes new files only, all of them or none, and changes none that is there. It grades nothing, and it does not say
whether an assignment is a good one: `kernelmark validate` and `kernelmark audit` do.
"""

import ast
import contextlib
import json
import re
import shlex
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets import TraitError

from kernelmark.authoring import template
from kernelmark.course.folder import open_course
from kernelmark.course.settings import source_directory
from kernelmark.errors import CourseError, StorageError

CONFIG = "nbgrader_config.py"
FIRST = "01_first"
LINE = "import kernelmark; kernelmark.use(c)"
_NAME = re.compile(r"\w[\w.-]*")


def init(folder: Path) -> list[str]:
    """Begin a course in a folder, and return what there is to say, a line each.

    A course that exists is left as it is; the lines then say what is missing for Kernelmark to grade it.

    Raises:
        CourseError: the path is no folder, or the course's configuration is no Python.
        StorageError: something cannot be written; then nothing is.
    """
    root = folder.absolute()
    if root.exists() and not root.is_dir():
        raise CourseError(f"{folder} is a file; expected a folder, which is made where there is none")
    if (root / CONFIG).exists() or any(root.glob("source/*/*.ipynb")):
        return _of_a_course(root)
    files = _of_init(root)
    kept = [name for name in files if (root / name).exists()]
    _write(root, {name: content for name, content in files.items() if name not in kept})
    lines = [f"written: {folder / name}" for name in files if name not in kept]
    lines += [f"kept as it is: {folder / name}" for name in kept]
    if ".gitignore" in kept:
        names = [line for line in files[".gitignore"].split("\n") if line and not line.startswith("#")]
        lines.append(f"see that your .gitignore names: {' '.join(names)}")
    cd = "" if root == Path.cwd() else f"cd {shlex.quote(str(folder))}; "
    return [*lines, f"next: {cd}kernelmark validate {FIRST}, then nbgrader generate_assignment {FIRST}"]


def new(name: str) -> list[str]:
    """Add an assignment to the course of the folder at hand, and return what there is to say, a line each.

    Raises:
        CourseError: this is no course's folder, or the name is taken or is none that nbgrader takes.
        StorageError: something cannot be written; then nothing is.
    """
    if not Path(CONFIG).is_file():
        raise CourseError(f"no {CONFIG} here; go to the folder of your course, or begin one with: kernelmark init")
    _require_name(name)
    course = open_course().coursedir
    root = Path(course.root)
    folder = Path(source_directory(course)) / name
    if (root / folder).exists():
        raise CourseError(f"{folder} is there already; choose another name, or remove it first")
    stem = re.sub(r"^\d+[\W_]*", "", name) or name
    filled = {"TITLE": name.replace("_", " "), "NOTEBOOK": stem}
    path = folder / f"{stem}.ipynb"
    _write(root, {str(path): template.notebook(template.text("new.cells", filled))})
    return [
        f"written: {path}",
        f"next: open it in JupyterLab, put your own in its place, then kernelmark validate {name}",
    ]


def _require_name(name: str) -> None:
    """Refuse a name that nbgrader refuses, and one that is no plain name of a folder."""
    try:
        CourseDirectory(assignment_id=name)
    except TraitError as error:
        raise CourseError(f"{name!r} cannot be an assignment's name: nbgrader says: {error}") from error
    if not _NAME.fullmatch(name):
        raise CourseError(
            f"{name!r} cannot be an assignment's name; expected letters, digits, '_', '-' and '.', "
            "with a letter or digit first, as in 02_sorting"
        )


def _of_a_course(root: Path) -> list[str]:
    config = root / CONFIG
    if not config.exists():
        return [
            f"a course is here already: source/ has notebooks, and there is no {CONFIG}; nothing was changed",
            f"for Kernelmark to grade it, write {root / CONFIG} with two lines:",
            "c = get_config()",
            LINE,
        ]
    here = f"a course is here already: {config}; nothing was changed"
    if _is_used(config):
        return [here, "Kernelmark grades it; a further assignment: kernelmark new NAME"]
    return [here, "for Kernelmark to grade it, add this line at the end of that file:", LINE]


def _is_used(config: Path) -> bool:
    """Say whether a configuration has the line, as `kernelmark.use(c)` or as `use(c)`."""
    try:
        tree = ast.parse(config.read_bytes(), str(config))
    except (SyntaxError, ValueError) as error:
        raise CourseError(
            f"{config} is no Python that can be read ({error}); mend it first; nothing was changed"
        ) from error
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return not called.isdisjoint({"kernelmark.use", "use"})


def _of_init(root: Path) -> dict[str, str]:
    """Return what a new course holds, {path below its folder: content}."""
    # nbgrader refuses a plus in it, and it is part of paths in the exchange.
    course = re.sub(r"[^\w.-]+", "_", root.name).strip("._-") or "course"
    filled = {
        "COURSE": json.dumps(course, ensure_ascii=False),
        "PYTHON": f"{sys.version_info.major}.{sys.version_info.minor}",
        "KERNELMARK": _requirement(),
    }
    return {
        f"source/{FIRST}/first.ipynb": template.notebook(template.text("first.cells")),
        ".gitignore": template.text("gitignore"),
        "README.md": template.text("readme.md", {"COURSE": course}),
        ".github/workflows/course.yml": template.text("course.yml", filled),
        # The last: with it the folder is a course.
        CONFIG: template.text("nbgrader_config.py", filled),
    }


def _requirement() -> str:
    """Return how to install Kernelmark elsewhere: from the address and commit that it came from, or by its name."""
    with contextlib.suppress(PackageNotFoundError, ValueError, KeyError):
        origin = json.loads(distribution("kernelmark").read_text("direct_url.json") or "{}")
        if "vcs_info" in origin:
            made = origin["vcs_info"]
            return f"kernelmark[grader] @ {made['vcs']}+{origin['url']}@{made['commit_id']}"
        if origin.get("url", "").startswith("https://"):
            return f"kernelmark[grader] @ {origin['url']}"
    return "kernelmark[grader]"


def _write(root: Path, files: Mapping[str, str]) -> None:
    """Write new files below a folder, which is made where it is not there: all of them, or none.

    Raises:
        StorageError: one of them cannot be written, or is there by now.
    """
    made: list[Path] = []
    try:
        for name, content in files.items():
            path = root / name
            for folder in reversed(path.parents):
                if not folder.exists():
                    folder.mkdir()
                    made.append(folder)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                made.append(path)
                file.write(content)
    except BaseException as error:  # ctrl-C too: what was begun is taken back
        for path in reversed(made):
            # A folder stays where somebody else has put something into it meanwhile.
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        if isinstance(error, OSError):
            raise StorageError(
                f"{error.filename or root} cannot be written ({error.strerror or error}); nothing was written; "
                "choose a folder that you may write in, with room on its disk"
            ) from error
        raise
