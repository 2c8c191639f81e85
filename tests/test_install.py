"""A wheel in an empty environment: what students install, without the repository and without the grader."""

import functools
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from kernelmark.records import CellResult, Machine, SubmissionResult, write_record
from tests.sample_class import ROOT

ASSIGNMENTS = sorted(path.name for path in (ROOT / "release").iterdir() if path.is_dir())
# What no student needs, by the names on the package registry.
STAFF_ONLY = {"nbgrader", "sqlalchemy", "alembic", "jupyterlab", "notebook", "nbconvert", "distributed"}

NEEDS_GRADER = "needs the grader: pip install 'kernelmark[grader]' (No module named 'nbgrader')"


class Environment:
    """An empty virtual environment with Kernelmark's wheel in it, and an empty folder to work in."""

    def __init__(self, wheel: Path, folder: Path, extra: str):
        self.folder = folder / "work"
        self.folder.mkdir()
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        self._bin = folder / "venv" / "bin"
        done = self.run("python", "-m", "pip", "install", "-q", f"kernelmark{extra} @ {wheel.as_uri()}")
        assert done.returncode == 0, done.stderr

    def run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, which knows nothing of the one that the tests run in."""
        kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        kept["PATH"] = f"{self._bin}{os.pathsep}{kept['PATH']}"
        return subprocess.run(
            [self._bin / program, *arguments], cwd=self.folder, env=kept, capture_output=True, text=True, check=False
        )

    def take(self, assignment: str, kind: str = "release") -> Path:
        """Copy an assignment's folder here and return its notebook, as a path below the working folder."""
        shutil.copytree(ROOT / kind / assignment, self.folder / assignment, dirs_exist_ok=True)
        (notebook,) = (self.folder / assignment).glob("*.ipynb")
        return notebook.relative_to(self.folder)


@functools.cache
def registry_answers() -> bool:
    ask = ["install", "-q", "--dry-run", "--ignore-installed", "--no-deps", "--retries", "0", "packaging"]
    done = subprocess.run([sys.executable, "-m", "pip", *ask], capture_output=True, check=False)
    return done.returncode == 0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what goes into it, so that nothing is left in the repository."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "kernelmark", copy / "kernelmark", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", out, copy]
    subprocess.run(command, check=True)
    (built,) = out.glob("*.whl")
    return built


def installed(wheel: Path, folder: Path, extra: str = "") -> Environment:
    if not registry_answers():
        pytest.skip("no package registry answers, and an empty environment is filled from one")
    return Environment(wheel, folder, extra)


@pytest.fixture(scope="module")
def base(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The base install."""
    return installed(wheel, tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def course(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What a student of the course installs."""
    return installed(wheel, tmp_path_factory.mktemp("course"), "[course]")


class TestWheel:
    def test_has_every_file_of_the_package(self, wheel: Path):
        """Templates too: a course is begun from the wheel alone."""
        files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "kernelmark").rglob("*") if path.is_file()}
        wanted = {name for name in files if "__pycache__" not in name}
        assert wanted - set(zipfile.ZipFile(wheel).namelist()) == set()


class TestBase:
    def test_has_nothing_that_only_staff_need(self, base: Environment):
        """No grade book, no JupyterLab; and Kernelmark itself comes from the wheel."""
        listed = base.run("python", "-m", "pip", "list", "--format", "freeze").stdout.lower().splitlines()
        assert {line.partition("==")[0].partition(" @")[0] for line in listed} & STAFF_ONLY == set()
        place = base.run("python", "-c", "import kernelmark.checks, kernelmark.lab; print(kernelmark.__file__)")
        assert place.stdout.startswith(str(base.folder.parent)), place.stderr

    def test_a_solved_notebook_passes_its_visible_tests(self, base: Environment):
        """The whole of 01 runs: it needs no more than the base."""
        done = base.run("kernelmark", "check", base.take("01_measure", "source"))
        assert done.returncode == 0, done.stdout + done.stderr

    def test_a_released_notebook_is_still_to_be_written(self, base: Environment):
        """Its tests run and say that nothing is there; `status` says the same, and `export` makes what is asked for."""
        notebook = base.take("01_measure")
        done = base.run("kernelmark", "check", notebook)
        assert (done.returncode, done.stderr) == (1, "")
        assert "not started" in done.stdout
        assert "\n0 of " in done.stdout
        assert "check 01_measure/measure.ipynb" in base.run("kernelmark", "status").stdout
        exported = base.run("kernelmark", "export", notebook)
        assert exported.stdout.splitlines()[-1] == f"written: {Path('mykernels', '__init__.py')}"

    @pytest.mark.parametrize(
        "command",
        [["doctor"], ["init"], ["new", "02"], ["autograde", "01"], ["marks"], ["grade", "a.ipynb", "b.ipynb"]],
    )
    def test_what_needs_the_grader_says_how_to_get_it(self, base: Environment, command: list[str]):
        """One line, no traceback, and a status that a script sees."""
        done = base.run("kernelmark", *command)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"kernelmark: {command[0]} {NEEDS_GRADER}\n")

    def test_a_report_needs_records_alone(self, base: Environment):
        """The table and the CSV; for the page it says what is missing, and for marks by hand."""
        machine = Machine("any", 2, "3.11", "2.4", 1)
        cell = CellResult("a", "pass", 2.0, 2.0, "it works", "", "", 0.1)
        record = SubmissionResult("01", "one", "anna", "", "", (cell,), machine, 1.0, 1.0)
        write_record(base.folder / ".kernelmark" / "01" / "anna" / "one.json", record)
        done = base.run("kernelmark", "report", "01", "--csv")
        assert done.returncode == 0
        assert ["anna", "2", "2", "0"] in [line.split()[:4] for line in done.stdout.splitlines()]
        assert '"anna","","2.0"' in (base.folder / "reports" / "01-students.csv").read_text()
        assert "pip install jinja2" in done.stderr

    def test_kernelmark_grade_says_it_too(self, base: Environment):
        """Another program catches it as an error of ours."""
        code = (
            "import kernelmark\nfrom kernelmark.errors import KernelmarkError\n"
            "try: kernelmark.grade('a.ipynb', 'b.ipynb')\nexcept KernelmarkError as error: print(error)"
        )
        said = base.run("python", "-c", code).stdout
        assert said == f"kernelmark.grade() {NEEDS_GRADER}\n"


@pytest.mark.slow
class TestCourse:
    @pytest.mark.parametrize("assignment", ASSIGNMENTS)
    def test_every_released_notebook_runs(self, course: Environment, assignment: str):
        """Each visible test comes to the point that there is no solution yet; no package is missing."""
        done = course.run("kernelmark", "check", course.take(assignment))
        assert (done.returncode, done.stderr) == (1, "")
        assert "not started" in done.stdout
        assert "No module named" not in done.stdout


def requirements() -> list[str]:
    """Return the base and the extra `course` of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["course"]]


def test_requirements_of_the_release_are_current():
    """What stands beside the released notebooks is what pyproject.toml says: `make release` writes it."""
    lines = (ROOT / "release" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == requirements()
