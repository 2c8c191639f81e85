"""Runs nbgrader's commands and kills them at a chosen step; a program that `test_crash.py` starts.

It imports nbgrader once and forks for every command. A step is anything that changes what is
kept: a file opened for writing, renamed or removed, a folder made, a commit that writes; the
command is killed just before. One JSON object a line comes in: "root", "words", "kill" (a step)
or "after_s", "warm" (one warm grader for all commands), "first" (shell commands in a mount
namespace of its own), "file_bytes" (the limit of a file). One goes out: "status", "steps", "said".
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from typing import Any

from nbgrader.apps import NbGraderApp
from sqlalchemy.engine.default import DefaultDialect

from kernelmark.referee import grading

# From linux/sched.h.
CLONE_NEWNS = 0x20000
WRITING = os.O_WRONLY | os.O_RDWR
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.truncate", "shutil.rmtree"}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        order = json.loads(line)
        if order["warm"]:
            with grading._warm_judges._lock:
                if grading._warm_judges._process is None:
                    grading._warm_judges._start()
        steps, said = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(said[1], 1)
            os.dup2(said[1], 2)
            run(order, steps[1])
        texts = [""] * 2
        readers = [threading.Thread(target=read, args=(texts, i, ends)) for i, ends in enumerate((steps, said))]
        for reader in readers:
            reader.start()
        _, status = os.waitpid(child, 0)
        for reader in readers:
            reader.join()
        found = {"status": os.waitstatus_to_exitcode(status), "steps": texts[0].splitlines(), "said": texts[1]}
        print(json.dumps(found), file=answers, flush=True)


def read(texts: list[str], position: int, ends: tuple[int, int]) -> None:
    os.close(ends[1])
    with os.fdopen(ends[0], "rb") as pipe:
        texts[position] = pipe.read().decode()


def run(order: dict[str, Any], steps: int) -> None:
    """Be one command; never returns."""
    os.setsid()
    os.chdir(order["root"])
    if order["first"]:
        assert ctypes.CDLL(None).unshare(CLONE_NEWNS) == 0
        subprocess.run(["sh", "-ec", "mount --make-rprivate /; " + order["first"]], check=True)
        os.chdir(order["root"])
    if order["file_bytes"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_bytes"],) * 2)
    count = 0

    def step(what: str) -> None:
        nonlocal count
        if count == order["kill"]:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1
        os.write(steps, what.encode() + b"\n")

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in CHANGES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING):
            where = arguments[0]
            if isinstance(where, int) or not os.path.abspath(os.fsdecode(where)).startswith(order["root"]):
                return
            step(f"{event} {os.path.relpath(os.fsdecode(where), order['root'])}")

    commit = DefaultDialect.do_commit

    def do_commit(self: Any, connection: Any) -> None:
        if connection.in_transaction:
            step("commit")
        return commit(self, connection)

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
    sys.addaudithook(watch)
    if order["after_s"] is not None:
        # As `kill -9` from outside, at a moment that knows nothing of steps.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        threading.Timer(order["after_s"], os.kill, (os.getpid(), signal.SIGKILL)).start()
    status = 0
    try:
        NbGraderApp.launch_instance(order["words"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException as error:
        print(f"uncaught: {error!r}", file=sys.stderr)
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    if not order["warm"]:
        grading._warm_judges.close()
    os._exit(status)


if __name__ == "__main__":
    main()
