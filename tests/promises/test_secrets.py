"""What is hidden stays hidden: no file that a student gets holds any of it, and staff see all of it.

Every secret of this course carries the same token, so that one search finds it wherever it went.
"""

from pathlib import Path

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode

from kernelmark.referee.grading import grade
from tests import small_course
from tests.course.test_nbgrader import nbgrader
from tests.small_course import ADD, COUNTER, LIMIT, SETUP, graded_cell

TOKEN = "7f3a9c"
TASK = f"Draw it.\n\n=== BEGIN MARK SCHEME ===\nscheme {TOKEN}\n=== END MARK SCHEME ==="
# By name, a test whose hidden lines can go wrong in one way, and what a student reads when they do.
TESTS = {
    "message": (
        '"""add adds."""\n### BEGIN HIDDEN TESTS\n'
        f"hidden_{TOKEN} = 41  # {TOKEN}\nassert add(hidden_{TOKEN}, 1) == 42, 'add must carry'\n### END HIDDEN TESTS",
        "add must carry",
    ),
    "no_message": (
        f'"""add adds ones."""\n  ### BEGIN HIDDEN TESTS   \nassert add(1, 1) == len("{TOKEN}") - 4\n'
        "  ### END HIDDEN TESTS  ",
        "A hidden check did not hold.",
    ),
    "loop_variable": (
        '"""add adds lists."""\n### BEGIN HIDDEN TESTS\n'
        f"for value_{TOKEN} in add([], []):\n    pass\nassert value_{TOKEN}\n### END HIDDEN TESTS",
        "could not use",
    ),
    "helper": (
        '"""add returns pairs."""\n### BEGIN HIDDEN TESTS\n'
        f"def helper_{TOKEN}(x, y):\n    assert x < y\nhelper_{TOKEN}(*add([1], []))\n### END HIDDEN TESTS",
        "could not use",
    ),
    "key": (
        '"""add joins tables."""\n### BEGIN HIDDEN TESTS\n'
        f"{{1: 1}}['{TOKEN}' if add(1, 0) != 1 else 1]\n### END HIDDEN TESTS",
        "could not use",
    ),
    "own_error": (
        '"""add raises nothing."""\n### BEGIN HIDDEN TESTS\n'
        f"class Error{TOKEN}(Exception): pass\nif add(1, 0) != 1: raise Error{TOKEN}('{TOKEN}')\n### END HIDDEN TESTS",
        "could not use",
    ),
    "magic": (
        '%%capture\n"""add adds quietly."""\nadd(0, 0)\n### BEGIN HIDDEN TESTS\n'
        f"\nassert {{'{TOKEN}': 1}}.get(add(1, 0), 1) == add(1, 0)\nkey_{TOKEN}\n### END HIDDEN TESTS",
        "",
    ),
    "callback": (
        '"""add hands functions on."""\n### BEGIN HIDDEN TESTS\n'
        f"def inner_{TOKEN}(x):\n    return x\nassert add(inner_{TOKEN}, 1) == 1, 'add must call'\n"
        "### END HIDDEN TESTS",
        "",
    ),
    "all_hidden": (
        f'### BEGIN HIDDEN TESTS\n"""It adds."""\nassert add(2, 2) == 4, "twos"  # {TOKEN}\n### END HIDDEN TESTS',
        "twos",
    ),
}
# Adds nothing, and tells everything it can find out.
NOSY = """def add(a, b):
    if callable(a):
        found = [repr(a), getattr(a, "__name__", ""), str(vars(a)) if hasattr(a, "__dict__") else ""]
        for args in ((), (1, 2, 3), ("x",)):
            try:
                a(*args)
            except BaseException as error:
                found.append(repr(error))
        raise ValueError(" ".join(found))
    return [] if isinstance(a, list) else -1"""


def course() -> NotebookNode:
    """Return the instructor's notebook: secrets in tests, in a mark scheme and in a task."""
    cells = [
        graded_cell("setup", SETUP, locked=True),
        graded_cell(
            "add", ADD.replace("return a + b", f"return a(b) if callable(a) else a + b  # {TOKEN}"), solution=True
        ),
        graded_cell("counter", COUNTER, solution=True),
        graded_cell("limit", LIMIT, solution=True),
        *(graded_cell(name, source, grade=True, locked=True, points=1) for name, (source, _) in TESTS.items()),
        graded_cell("why", f"Because {TOKEN}.", kind="markdown", grade=True, solution=True, points=4),
        graded_cell("task", TASK, kind="markdown", locked=True, points=2),
    ]
    cells[-1].metadata["nbgrader"]["task"] = True
    return nbformat.v4.new_notebook(cells=cells, metadata=small_course.notebook().metadata)


@pytest.fixture(scope="module")
def returned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course in which two students handed in the release with a nosy function, one without the locked cells."""
    root = small_course.write_course(tmp_path_factory.mktemp("secrets"), course())
    (root / "exchange").chmod(0o777)
    # One test names what nothing defines, to see what students read of that; validate would stop there.
    nbgrader(root, "generate_assignment", "short", "--Kernelmark.validate=False")
    nbgrader(root, "release_assignment", "short", "--Kernelmark.validate=False")
    release = root / "release" / "short" / "short.ipynb"
    for student in ("anna", "ben"):
        work = nbformat.read(release, as_version=4)
        for cell in work.cells:
            if cell.metadata["nbgrader"]["grade_id"] == "add":
                cell.source = NOSY
        if student == "ben":
            work.cells = [cell for cell in work.cells if cell.metadata["nbgrader"]["grade_id"] == "add"]
        folder = root / "submitted" / student / "short"
        folder.mkdir(parents=True)
        nbformat.write(work, folder / "short.ipynb")
        for name in ("timestamp", "submission_secret"):
            (folder / f"{name}.txt").write_text("2026-11-20 10:00:00 UTC")
    nbgrader(root, "autograde", "short")
    nbgrader(root, "generate_feedback", "short")
    nbgrader(root, "release_feedback", "short")
    return root


@pytest.mark.parametrize("folder", ["release", "exchange", "feedback"])
def test_no_file_of_a_students_holds_a_secret(returned: Path, folder: str):
    """Release, exchange and returned feedback: every byte of every file."""
    files = [path for path in (returned / folder).rglob("*") if path.is_file()]
    assert files
    assert [str(path) for path in files if TOKEN.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("student", ["anna", "ben"])
def test_staff_see_every_test_in_full(returned: Path, student: str):
    """The graded notebook has each test word for word, and each mark scheme, whatever was handed in."""
    graded = nbformat.read(returned / "autograded" / student / "short" / "short.ipynb", as_version=4)
    sources = [cell.source for cell in graded.cells]
    assert [name for name, (source, _) in TESTS.items() if source not in sources] == []
    assert any(f"scheme {TOKEN}" in source for source in sources)


@pytest.mark.parametrize("name", TESTS)
def test_the_student_reads_what_failed(returned: Path, name: str):
    """A failing hidden test says which property failed, in the instructor's words."""
    page = (returned / "feedback" / "anna" / "short" / "short.html").read_text()
    source, words = TESTS[name]
    assert source.split('"""')[1] in page
    assert words in page


def test_json_of_one_grading_tells_the_student_s_part_apart(tmp_path: Path):
    """`kernelmark grade` is for staff; what it has for the student, reason and claim, holds no secret either."""
    for folder, notebook in (("source", course()), ("submitted", course())):
        (tmp_path / folder).mkdir()
        if folder == "submitted":
            for cell in notebook.cells:
                cell.source = NOSY if cell.metadata["nbgrader"]["grade_id"] == "add" else cell.source
        nbformat.write(notebook, tmp_path / folder / "short.ipynb")
    result = grade(tmp_path / "source" / "short.ipynb", tmp_path / "submitted" / "short.ipynb")
    assert [cell.reason for cell in result.cells if TOKEN in cell.reason + cell.claim] == []
    assert any(TOKEN in cell.staff for cell in result.cells)
