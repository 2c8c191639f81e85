"""A student's desk on Windows: Python without what only Linux has, and a clock of CPU time that moves by 15.6 ms.

`elsewhere/sitecustomize.py` takes these away in a process of its own, and in the Jupyter kernel that it starts.
What libraries do on Windows is not tried here, nor macOS, which has all of it but a few names.
"""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest

from kernelmark.notebook.conform import Course
from tests import small_course
from tests.sample_class import ROOT

# No encoding but ASCII unless a program names one: nothing may hang on the locale.
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
SPEED = '''"""add is faster than doing it two hundred times − said with a letter that ASCII has not."""
from functools import partial
def many(a, b, times):
    for _ in range(times):
        a + b
    return a + b
def once(a, b):
    return a + b
def two(rng):
    return tuple(rng.random((2, 20_000)))
faster(once, than=partial(many, times=200), inputs=two, expect=np.add, steps={3: 1})
'''


def python(*arguments: str, taken_from: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run Python where `taken_from` ("all", or "ours": Kernelmark and notebooks) finds nothing of Linux."""
    environment = {
        **os.environ,
        **ASCII,
        "PATH": "",  # so no commands of Linux either
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "elsewhere"), str(ROOT)]),
        "KERNELMARK_ELSEWHERE": taken_from,
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False
    )


def run(code: str) -> str:
    """Run code where nobody finds anything of Linux, and return what it prints."""
    done = python("-c", textwrap.dedent(code), taken_from="all")
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestImports:
    def test_what_notebooks_import_can_be_imported(self):
        """`checks`, `lab` and each of its modules, with no fcntl, resource or os.fork to be had."""
        run(
            """
            import importlib, os, pkgutil, sys
            import kernelmark.checks, kernelmark.lab
            for module in pkgutil.iter_modules(kernelmark.lab.__path__, "kernelmark.lab."):
                importlib.import_module(module.name)
            assert not hasattr(os, "fork") and "fcntl" not in sys.modules
            """
        )

    def test_instruments_work_or_say_that_they_do_not_know(self):
        """The machine is described, threads meet, a log in files is read back, made-up folders hold their text."""
        printed = run(
            """
            from pathlib import Path
            import numpy as np
            from kernelmark import lab
            found = lab.describe_machine(measure=False)
            assert found.cores >= 1 and found.memory_bytes > 2**28 and found.processor
            kernel = lab.ProcessKernel()
            kernel(np.ones((2, 2)), np.empty((2, 2)))
            assert kernel.met and kernel.sizes == [2]
            assert Path(lab.write_tree({"index0/size": "32K\\n"}), "index0", "size").read_text() == "32K\\n"
            assert lab.traced_peak_bytes(np.ones, 1000) >= 8000
            lab.shared_segments()
            start = lab.cpu_clock()
            sum(range(10_000))
            print(lab.cpu_clock() > start)
            """
        )
        assert printed == "True\n"


class TestSpeed:
    @pytest.mark.parametrize(("baseline_ms", "ending"), [(2.0, "PASS"), (0.1, "NOT YET")])
    def test_a_verdict_stands_on_the_clock_that_can_tell(self, baseline_ms, ending):
        """Calls far shorter than a step of the CPU clock are compared, right, and the desk says by which clock.

        The calls take their time on a clock moved by hand, of which the process sees every microsecond as wall time,
        and steps of 15.6 ms as CPU time.
        """
        printed = run(
            f"""
            import time
            from functools import partial
            from kernelmark.checks import faster
            from kernelmark.lab import ManualClock
            clock = ManualClock()
            def wall_s():
                clock.advance(1e-6)
                return clock.now
            time.perf_counter, time.process_time = wall_s, lambda: clock.now // (1 / 64) / 64
            def twice(a, ms):
                clock.advance(ms / 1e3)
                return a * 2
            numbers = lambda rng: (rng.random(8),)
            try:
                faster(
                    partial(twice, ms=0.1), partial(twice, ms={baseline_ms}), numbers, lambda a: a * 2, steps={{2.5: 1}}
                )
            except AssertionError:
                pass
            """
        )
        assert printed.startswith(ending)
        said = " ".join(printed.split())
        assert "at your desk on the wall clock, since CPU time is told here in steps of 16 ms only" in said


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's folder: one assignment with a solution, and a speed test beside the others."""
    folder = tmp_path_factory.mktemp("desk") / "my course" / "01_short"
    folder.mkdir(parents=True)
    notebook = Course(small_course.notebook()).released
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name == "add":
            cell.source = '#| export\ndef add(a, b):\n    """Return a + b, not a − b."""\n    return a + b'
        if name == "add_small":
            cell.source = SPEED
    nbformat.write(notebook, folder / "short.ipynb")
    return folder.parent


def kernelmark(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "kernelmark", *arguments, taken_from="ours", folder=folder)


class TestCommands:
    def test_status_says_how_far_each_is(self, folder: Path):
        """It reads notebooks as UTF-8 whatever the locale, and its next step can be typed in any shell."""
        done = kernelmark(folder.parent, "status", folder.name)
        assert done.returncode == 0, done.stderr
        assert "1 of 3" in done.stdout
        assert 'run:\n  kernelmark check "my course/01_short/short.ipynb"\n' in done.stdout

    def test_check_runs_the_visible_tests(self, folder: Path):
        """The kernel comes up, tests and a speed test run, and words outside of ASCII do not end the command."""
        done = kernelmark(folder, "check", "01")
        assert "Traceback" not in done.stderr
        assert "passed       add_small" in done.stdout
        assert "      PASS: " in done.stdout
        assert "not started  counter_steps" in done.stdout

    def test_export_makes_a_package(self, folder: Path):
        """The module is what the cell says, letters outside of ASCII included, and can be imported."""
        done = kernelmark(folder, "export", "--to", "mine")
        assert done.returncode == 0, done.stderr
        assert "not a − b" in (folder / "mine" / "short.py").read_text(encoding="utf-8")
        code = "import mine; print(mine.add(1, 2))"
        assert python("-c", code, taken_from="ours", folder=folder).stdout == "3\n"
        again = kernelmark(folder, "export", "--to", "mine")
        assert again.returncode == 0, again.stderr

    @pytest.mark.parametrize("command", [["doctor"], ["grade", "a.ipynb", "b.ipynb"]])
    def test_grading_says_that_it_needs_linux(self, folder: Path, command: list[str]):
        """One line and no traceback, since no student can mend it."""
        done = kernelmark(folder, *command)
        assert done.returncode == 1
        assert done.stderr.startswith(f"kernelmark: {command[0]} needs Linux, where submissions can be contained")
        assert len(done.stderr.splitlines()) == 1
