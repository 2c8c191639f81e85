"""Runs nbgrader's and kernelmark's commands in processes forked from one that has everything loaded.

A command's own work is what the tests are about; loading fifteen hundred modules for each took three quarters of the
time.
One JSON object a line comes in: "module", "words", "root", "env", "said" (files for stdout and stderr). One goes
out: "status". `tests.test_launcher` compares with the commands as they are started from a shell.
"""

import atexit
import gc
import json
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


class Launcher:
    """The tests' end: starts the program when it is first needed, and asks it for one command after the other."""

    def __init__(self) -> None:
        self._program: subprocess.Popen[str] | None = None

    def run(self, root: Path, module: str, *words: str, env: dict[str, str] | None = None) -> tuple[int, str]:
        """Run a command in a folder; return its exit status and what it said on stdout, then on stderr."""
        done = self.completed(root, module, *words, env=env)
        return done.returncode, done.stdout + done.stderr

    def completed(
        self, root: Path, module: str, *words: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a folder; return what `subprocess.run` does."""
        if self._program is None or self._program.poll() is not None:
            self._program = subprocess.Popen(
                [sys.executable, "-m", "tests.launcher"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        with tempfile.TemporaryDirectory() as folder:
            said = [Path(folder, name) for name in ("out", "err")]
            order = {"module": module, "words": words, "root": str(root), "env": env or dict(os.environ)}
            print(json.dumps(order | {"said": [*map(str, said)]}), file=self._program.stdin, flush=True)
            answer = json.loads(self._program.stdout.readline())
            return subprocess.CompletedProcess(
                [module, *words], answer["status"], *(path.read_text(errors="replace") for path in said)
            )

    def close(self) -> None:
        """End the program."""
        if self._program is not None:
            assert self._program.stdin is not None
            assert self._program.stdout is not None
            self._program.stdin.close()
            self._program.wait()
            self._program.stdout.close()
            self._program = None


LAUNCHER = Launcher()


def main() -> None:
    """Serve commands until standard input ends."""
    gc.disable()

    import kernelmark.course.seam
    import kernelmark.whole_class.cluster  # noqa: F401

    gc.freeze()
    gc.enable()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(_command(json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), file=answers, flush=True)


def _command(order: dict[str, Any]) -> int:
    """Be one command, as `python -m MODULE WORDS` is; return its exit status."""
    for stream, name in enumerate(order["said"], 1):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600), stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(order["root"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = [order["module"], *order["words"]]
    sys.path[0] = order["root"]
    status: Any = 0
    try:
        if order["module"] == "nbgrader":
            from nbgrader.apps.nbgraderapp import main as nbgrader

            nbgrader()
        else:
            from kernelmark.__main__ import main as kernelmark

            status = kernelmark(order["words"])
    except SystemExit as end:
        status = end.code
        if isinstance(status, str):
            print(status, file=sys.stderr)
            status = 1
    except BaseException:
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return int(status or 0)


if __name__ == "__main__":
    main()
