"""A course begun by `kernelmark init`, an assignment added by `kernelmark new`: what they write, what they leave."""

import ast
import contextlib
import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from kernelmark.__main__ import main
from kernelmark.authoring import begin, template
from kernelmark.errors import CourseError, StorageError
from kernelmark.notebook.contracts import contracts
from kernelmark.referee.grading import grade

FILES = {
    ".github/workflows/course.yml",
    ".gitignore",
    "README.md",
    "nbgrader_config.py",
    "source/01_first/first.ipynb",
}
SOLUTION = re.compile(r"    ### BEGIN SOLUTION.*?### END SOLUTION", re.DOTALL)
NOTEBOOKS = ("source/01_first/first.ipynb", "source/02_count/count.ipynb")


def below(root: Path) -> dict[str, bytes]:
    """Return every file below a folder with what it holds."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course begun in a folder that was not there, with a second assignment; to be looked at only."""
    root = tmp_path_factory.mktemp("begun") / "above" / "heat 101+"
    begin.init(root)
    with contextlib.chdir(root):
        begin.new("02_count")
    return root


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new course, and the working folder in it."""
    begin.init(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestInit:
    def test_says_what_it_wrote(self, tmp_path):
        """One line a file, all of them there, and the next command last."""
        root = tmp_path / "course"
        *written, after = begin.init(root)
        assert {line.removeprefix(f"written: {root}/") for line in written} == set(below(root)) == FILES
        assert after.startswith("next: cd ")

    def test_names_the_course_by_its_folder(self, begun):
        """What a course's name may not hold is left out; the settings are Python and end in the one line."""
        config = (begun / "nbgrader_config.py").read_text()
        assert 'course_id = "heat_101"' in config
        assert ast.unparse(ast.parse(config).body[-1]) == "kernelmark.use(c)"

    def test_leaves_a_course_as_it_is(self, course):
        """A second run changes nothing and says so."""
        before = below(course)
        assert "nothing was changed" in begin.init(course)[0]
        assert below(course) == before

    @pytest.mark.parametrize(
        "config", ["c = get_config()\n", '"""No kernelmark.use(c) yet."""\nc = get_config()\n# kernelmark.use(c)\n']
    )
    def test_says_which_line_a_course_lacks(self, tmp_path, config):
        """A course of nbgrader's is told the line to add; a comment is no such line; nothing is written."""
        (tmp_path / "nbgrader_config.py").write_text(config)
        assert begin.init(tmp_path)[-1] == "import kernelmark; kernelmark.use(c)"
        (tmp_path / "nbgrader_config.py").write_text(f"{config}{begin.LINE}\n")
        assert begin.LINE not in begin.init(tmp_path)
        assert set(below(tmp_path)) == {"nbgrader_config.py"}

    def test_names_settings_that_are_no_python(self, tmp_path):
        """A configuration with a slip in it is named, with the line, and left alone."""
        (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.Exchange.root = 'here\n")
        with pytest.raises(CourseError, match=r"nbgrader_config\.py is no Python .*line 2.*nothing was changed"):
            begin.init(tmp_path)
        assert set(below(tmp_path)) == {"nbgrader_config.py"}

    def test_takes_notebooks_for_a_course(self, tmp_path):
        """Where source/ has notebooks and settings are missing, it says what to write, and writes nothing."""
        (tmp_path / "source" / "ps1").mkdir(parents=True)
        (tmp_path / "source" / "ps1" / "problem1.ipynb").write_text("{}")
        assert begin.init(tmp_path)[-2:] == ["c = get_config()", begin.LINE]
        assert set(below(tmp_path)) == {"source/ps1/problem1.ipynb"}

    def test_keeps_files_that_are_there(self, tmp_path):
        """A repository with a README and a .gitignore of its own keeps both, and is told so."""
        (tmp_path / "README.md").write_text("mine")
        (tmp_path / ".gitignore").write_text("mine too")
        lines = begin.init(tmp_path)
        assert f"kept as it is: {tmp_path / 'README.md'}" in lines
        assert any("/submitted/" in line and "/.kernelmark/" in line for line in lines)
        assert below(tmp_path)["README.md"] == b"mine"
        assert below(tmp_path)[".gitignore"] == b"mine too"
        assert set(below(tmp_path)) == FILES

    def test_refuses_a_file(self, tmp_path, capsys):
        """A path that is a file is named, and the command fails."""
        (tmp_path / "notes").write_text("mine")
        assert main(["init", str(tmp_path / "notes")]) == 1
        assert "is a file; expected a folder" in capsys.readouterr().err

    def test_takes_back_what_it_began(self, tmp_path):
        """A file in the way of a folder: what was written before is gone again, and what was there is not."""
        (tmp_path / ".github").write_text("mine")
        with pytest.raises(StorageError, match=r"\.github.*nothing was written"):
            begin.init(tmp_path)
        assert list(tmp_path.iterdir()) == [tmp_path / ".github"]

    def test_takes_back_a_file_that_was_cut_short(self, tmp_path):
        """Where the disk takes only the beginning of a file, neither the file nor the folders made for it stay."""
        command = f"ulimit -f 4; exec {sys.executable} -m kernelmark init course"  # 4 KB a file
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stdout
        assert f"({os.strerror(errno.EFBIG)}); nothing was written" in done.stderr
        assert list(tmp_path.iterdir()) == []

    def test_workflow_checks_every_assignment(self, begun):
        """It installs the grader and bubblewrap, then validates and audits; nothing in it is left to be filled in."""
        steps = (begun / ".github/workflows/course.yml").read_text()
        runs = [line.partition("run: ")[2] for line in steps.split("\n") if "- run: " in line]
        assert runs[-2:] == ["kernelmark validate --all", "kernelmark audit --all"]
        assert any("bubblewrap" in line for line in runs)
        assert any(line.startswith('python -m pip install "kernelmark[grader]') for line in runs)
        assert not any("@" in line and " @ " not in line for line in runs)


class TestNew:
    @pytest.mark.parametrize("name", ["a+b", "", ".hidden", "..", "a/b", "a b", "-x", "a\nb", "{x}"])
    def test_refuses_what_is_no_name(self, course, name):
        """A name that nbgrader refuses, or that is no plain name of a folder, makes nothing."""
        with pytest.raises(CourseError, match="cannot be an assignment's name"):
            begin.new(name)
        assert set(below(course)) == FILES

    def test_refuses_a_name_that_is_taken(self, course):
        """An assignment that exists is never touched."""
        before = below(course)
        with pytest.raises(CourseError, match="is there already"):
            begin.new("01_first")
        assert below(course) == before

    def test_wants_a_course(self, tmp_path, monkeypatch, capsys):
        """Elsewhere than in a course's folder it says how to begin one."""
        monkeypatch.chdir(tmp_path)
        assert main(["new", "02_count"]) == 1
        assert "kernelmark init" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []

    def test_goes_where_the_course_keeps_its_sources(self, course):
        """A source folder of another name, as nbgrader's settings have it, is where the assignment goes."""
        with (course / "nbgrader_config.py").open("a") as config:
            config.write('c.CourseDirectory.source_directory = "masters"\n')
        assert begin.new("2024-exam")[0] == "written: masters/2024-exam/exam.ipynb"
        assert set(below(course)) == {*FILES, "masters/2024-exam/exam.ipynb"}


class TestNotebooks:
    @pytest.mark.parametrize("name", NOTEBOOKS)
    def test_are_as_jupyter_and_nbgrader_want_them(self, begun, name):
        """Valid, with a kernel, without outputs, grade ids unique, every cell with metadata that nbgrader takes."""
        nb = nbformat.read(begun / name, as_version=4)
        nbformat.validate(nb)
        assert nb.metadata.kernelspec.name == "python3"
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in nb.cells)
        for cell in nb.cells:
            MetadataValidator().validate_cell(cell)
        ids = [cell.metadata.nbgrader.grade_id for cell in nb.cells if "nbgrader" in cell.metadata]
        assert len(set(ids)) == len(ids)

    @pytest.mark.parametrize("name", NOTEBOOKS)
    def test_say_their_points(self, begun, name):
        """The table at the head adds up to the points of the cells."""
        nb = nbformat.read(begun / name, as_version=4)
        (said,) = re.findall(r"Points \| (\d+)", nb.cells[0].source)
        assert int(said) == sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in nb.cells)

    @pytest.mark.parametrize("name", NOTEBOOKS)
    def test_name_the_tests_of_each_item_of_the_contract(self, begun, name):
        """Every item has a test that is there, and every test holds one."""
        nb = nbformat.read(begun / name, as_version=4)
        marks = [cell.metadata.get("nbgrader", {}) for cell in nb.cells if cell.cell_type == "code"]
        tests = {mark["grade_id"] for mark in marks if mark.get("grade")}
        ((_, items, named),) = contracts(nb)
        assert named == len(items)
        assert all(item.tests for item in items)
        assert {test for item in items for test in item.tests} == tests

    def test_the_first_shows_every_kind_of_cell(self, begun):
        """All kinds that nbgrader knows, a cell of none, all three pairs of markers, and a speed test."""
        nb = nbformat.read(begun / NOTEBOOKS[0], as_version=4)
        flags = ("grade", "solution", "locked", "task")
        kinds = {
            (cell.cell_type, *(flag for flag in flags if cell.metadata.get("nbgrader", {}).get(flag)))
            for cell in nb.cells
        }
        assert kinds == {
            ("markdown",),
            ("code",),
            ("code", "locked"),
            ("code", "solution"),
            ("code", "grade", "locked"),
            ("markdown", "grade", "solution"),
            ("markdown", "locked", "task"),
        }
        everything = "\n".join(cell.source for cell in nb.cells)
        for word in ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME", "faster("):
            assert word in everything

    @pytest.mark.parametrize("name", NOTEBOOKS)
    def test_earn_their_own_points(self, begun, name, tmp_path):
        """The own solution gets every point of every test, apart; with the solution taken out no test gives a point."""
        source = begun / name
        results = grade(source, source).cells
        assert [cell.points for cell in results if cell.mark != "person"] == [
            cell.max_points for cell in results if cell.mark != "person"
        ]
        assert sum(cell.mark == "pass" for cell in results) == 4
        emptied = nbformat.read(source, as_version=4)
        for cell in emptied.cells:
            cell.source = SOLUTION.sub("    raise NotImplementedError()", cell.source)
        nbformat.write(emptied, tmp_path / source.name)
        assert {cell.points or 0 for cell in grade(source, tmp_path / source.name).cells} == {0}


class TestTemplate:
    def test_unknown_kind_is_named(self):
        """A slip in a template is said, with the kinds there are."""
        with pytest.raises(ValueError, match="%% tset: expected one of text, code"):
            template.notebook("%% tset name 3\n1\n")
