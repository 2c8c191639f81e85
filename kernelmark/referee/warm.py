"""A warm process that forks a judge for every notebook, and keeps reference processes between them.

Python, NumPy and IPython are imported once and not once a submission, and what the
reference has compiled stays compiled. The warm process never holds submitted code: each
judge is a fork of it that ends with its notebook, and each student process is fresh.
It does not grade: `referee` does, in the fork.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import re
import secrets
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kernelmark.errors import CourseError, GraderError, SandboxError
from kernelmark.notebook.cells import Plan
from kernelmark.records import Cause, CellResult, Machine, from_json
from kernelmark.referee.machine import describe_machine
from kernelmark.referee.run import Job, Listener, Refereed, nobody_is_marked, prime, referee
from kernelmark.referee.session import Session
from kernelmark.referee.working_folder import beside_the_notebook, wants_one, with_temporary_files_beside
from kernelmark.sandbox import bubblewrap
from kernelmark.sandbox.folders import own_folder, sweep
from kernelmark.sandbox.limits import HASH_SEED, PYTHON, Limits
from kernelmark.sandbox.link import Link
from kernelmark.sandbox.shell import rehearse

# A judge that is not back by then has failed; the notebook's own limit comes long before.
SLACK_S = 600.0
IDLE_REFERENCES = 2
# Imported once a run where an instructor's cell does, and not once a process: 0.2 CPU-seconds, and as
# much again and more for the first function that is compiled.
SLOW_TO_START = ("numba", "matplotlib", "pandas", "scipy", "sympy", "sklearn", "torch")
MAX_HASH_SEED = 2**32
# A pipe takes 64 KiB before anybody reads.
MAX_LAST_WORDS_BYTES = 2**15
# From linux/prctl.h.
PR_SET_PDEATHSIG = 1
_LENGTH = struct.Struct("!Q")


class WarmJudges:
    """The coordinator's end: hands out jobs, one at a time or from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        # What the course's own solution showed of each notebook's tests: those it passes apart, those it does not.
        self._sound: dict[str, set[str]] = {}
        self._beside: dict[str, dict[str, str]] = {}
        self._deciding = threading.Lock()

    def grade(
        self,
        plan: Plan,
        source_sha256: str,
        limits: Limits,
        files: dict[str, str],
        course_files: dict[str, str] | None = None,
        laid_over: dict[str, str] | None = None,
        *,
        decides: bool = False,
        until_lost: bool = False,
    ) -> Refereed:
        """Referee one notebook in a fresh judge.

        Args:
            files: the submission's own files, {name beside the notebook: path}.
            course_files: the instructor's, beside the judge and the reference.
            laid_over: those that stand in the place of the submission's of the same name; None for all of them.
            decides: it is the course's own solution; see `decide`.
            until_lost: stop at the first test that is lost.

        Raises:
            SandboxError: submissions cannot be contained on this machine.
        """
        sound = sorted(self._sound.get(source_sha256, ()))
        course_files = course_files or {}
        job = {"plan": json.loads(plan.to_json()), "limits": asdict(limits), "sound": sound}
        job |= {"beside": self._beside.get(source_sha256, {}) if limits.beside else {}, "decides": decides}
        job |= {"until_lost": until_lost}
        laid_over = course_files if laid_over is None else laid_over
        job |= {"files": {**files, **laid_over}, "course_files": course_files}
        so_far = _SoFar()
        try:
            with self._connect(source_sha256, limits, course_files, plan) as connection:
                connection.settimeout(limits.notebook_s + SLACK_S)
                _send(connection, json.dumps(job).encode())
                reply = self._answer(connection, limits.notebook_s + SLACK_S, so_far)
        except (OSError, EOFError, ValueError) as error:
            why = f"GraderError: the judge ended without an answer ({type(error).__name__}: {error})"
            return nobody_is_marked(plan, why, *so_far.known())
        if "refuse" in reply:
            raise SandboxError(reply["refuse"])
        if "fault" in reply:
            return nobody_is_marked(plan, reply["fault"])
        done = _refereed_from(reply["done"])
        self._sound.setdefault(source_sha256, set()).update(done.sound)
        if decides:
            self._beside[source_sha256] = dict(done.beside)
        return done

    def decide(self, plan: Plan, source_sha256: str, limits: Limits, course_files: dict[str, str]) -> None:
        """Find out, once, which tests of a notebook cannot be judged apart: by grading the course's own solution.

        Args:
            plan: of the course's own solution.
        """
        with self._deciding:
            if source_sha256 not in self._beside:
                self.grade(plan, source_sha256, limits, {}, course_files, decides=True)

    def _answer(self, connection: socket.socket, limit_s: float, so_far: "_SoFar") -> Any:
        """Return the judge's last word; a judge that is given up is ended, so that it holds no lock.

        While it waits for others that measure on this host its time stands still.
        """
        first = json.loads(_receive(connection))
        if "judge" not in first:
            return first
        deadline_s: float | None = time.monotonic() + limit_s
        left_s = limit_s
        try:
            while True:
                connection.settimeout(None if deadline_s is None else max(0.001, deadline_s - time.monotonic()))
                said = json.loads(_receive(connection))
                if "waits" in said:
                    if said["waits"] and deadline_s is not None:
                        left_s, deadline_s = deadline_s - time.monotonic(), None
                    elif not said["waits"]:
                        deadline_s = time.monotonic() + left_s
                elif "judged" in said:
                    so_far.add(said)
                else:
                    return said
        except OSError:
            with contextlib.suppress(ProcessLookupError):
                os.kill(first["judge"], signal.SIGKILL)
            raise

    def close(self) -> None:
        """End the warm process and everything it started."""
        with self._lock:
            if self._control is not None:
                self._control.close()
            if self._process is not None:
                try:
                    self._process.wait(10)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            self._control = self._process = None

    def _connect(self, source_sha256: str, limits: Limits, course_files: dict[str, str], plan: Plan) -> socket.socket:
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            if self._process is None or self._process.poll() is not None:
                self._start()
            assert self._control is not None
            header: dict[str, Any] = {"source": source_sha256, "limits": asdict(limits), "files": course_files}
            header["libraries"] = _libraries(plan)
            header["folder"] = bool(course_files) or wants_one(plan)
            socket.send_fds(self._control, [json.dumps(header).encode()], [theirs.fileno()])
        return ours

    def _start(self) -> None:
        sweep()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        package = str(bubblewrap.PACKAGE.parent)
        code = (
            f"import gc, sys; gc.disable(); sys.path.insert(0, {package!r}); "
            "from kernelmark.referee.warm import main; main()"
        )
        own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        threads = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL", "NUMBA")}
        self._process = subprocess.Popen(
            [sys.executable, *PYTHON, "-c", code, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={**own, **threads, HASH_SEED: str(secrets.randbelow(MAX_HASH_SEED))},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self._control = ours
        atexit.register(self.close)


class _SoFar(Listener):
    """What a judge has said of the cells that it has judged; and, in the judge, what says it."""

    def __init__(self, connection: socket.socket | None = None):
        self._connection = connection
        self._told = 0
        self._results: list[dict[str, Any]] = []
        self._outputs: list[list[dict[str, Any]]] = []

    def waits(self, waiting: bool) -> None:
        """Tell the coordinator that others are waited for."""
        assert self._connection is not None
        _answer(self._connection, {"waits": waiting})

    def judged(self, cells: int, results: Sequence[CellResult], outputs: list[dict[str, Any]]) -> None:
        """Tell the coordinator what this cell brought."""
        assert self._connection is not None
        new, self._told = results[self._told :], len(results)
        _answer(self._connection, {"judged": [asdict(result) for result in new], "outputs": outputs})

    def add(self, said: dict[str, Any]) -> None:
        """Keep what the judge said."""
        self._results += said["judged"]
        self._outputs.append(said["outputs"])

    def known(self) -> tuple[list[CellResult], list[list[dict[str, Any]]]]:
        """Return the results and the outputs so far."""
        return [from_json(CellResult, json.dumps(result)) for result in self._results], self._outputs


@dataclass
class _Idle:
    """A reference process between two notebooks, and the solution that has run in it."""

    link: Link
    source: str = ""
    # The cells that failed, and those that took long; see `Session`.
    failed: dict[str, str] = field(default_factory=dict)
    slow: dict[str, float] = field(default_factory=dict)


@dataclass
class _Warm:
    """The warm process: one loop over the control socket and the forks' last words."""

    control: socket.socket
    # Where judges make folders of their own, once one needs to; what one that was killed left goes with this process.
    place: str = ""
    folder: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    idle: list[_Idle] = field(default_factory=list)
    busy: dict[int, tuple[int, _Idle]] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)

    def serve(self) -> None:
        """Fork a judge for every job until the coordinator goes away."""
        while True:
            readable, _, _ = select.select([self.control.fileno(), *self.busy], [], [])
            for descriptor in readable:
                if descriptor in self.busy:
                    self._finished(descriptor)
                elif not self._job():
                    return

    def close(self) -> None:
        """Kill the judges that still run, and end the references."""
        for pid, reference in self.busy.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            reference.link.close()
        for reference in self.idle:
            reference.link.close()
        bubblewrap.close_zygotes()
        self.folder.close()

    def _job(self) -> bool:
        text, descriptors, _, _ = socket.recv_fds(self.control, 65536, 1)
        if not text:
            return False
        header = json.loads(text)
        connection = socket.socket(fileno=descriptors[0])
        limits = Limits(**header["limits"])
        try:
            self._warm_up(limits, [name for name in header["libraries"] if name not in self.imported])
            reference = self._reference(header["source"], limits, header["files"])
        except GraderError as error:
            key = "refuse" if isinstance(error, SandboxError) else "fault"
            _answer(connection, {key: f"{type(error).__name__}: {error}" if key == "fault" else str(error)})
            connection.close()
            return True
        if header["folder"] and not self.place:
            self.place = str(self.folder.enter_context(own_folder()))
        read_end, write_end = os.pipe()
        warm = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                _end_with(warm)
                self.control.close()
                os.close(read_end)
                _judge(connection, reference, header["source"], write_end, self.place)
            finally:
                os._exit(0)
        os.close(write_end)
        connection.close()
        self.busy[read_end] = (pid, reference)
        return True

    def _warm_up(self, limits: Limits, libraries: list[str]) -> None:
        if not libraries:
            return
        bubblewrap.warm_up(limits, libraries)
        for name in libraries:
            self.imported.add(name)
            with contextlib.suppress(ImportError):  # whoever needs it says so
                importlib.import_module(name)
        gc.freeze()

    def _reference(self, source: str, limits: Limits, files: dict[str, str]) -> _Idle:
        for waiting in [idle for idle in self.idle if not Path(f"/proc/{idle.link.pid}").exists()]:
            self.idle.remove(waiting)
            waiting.link.close()
        for position, waiting in enumerate(self.idle):
            if waiting.source == source:
                return self.idle.pop(position)
        return _Idle(Link(limits, files, whose="the course's solution", watch=False, trusted=True))

    def _finished(self, descriptor: int) -> None:
        said = json.loads(os.read(descriptor, MAX_LAST_WORDS_BYTES) or b"{}")
        os.close(descriptor)
        pid, reference = self.busy.pop(descriptor)
        os.waitpid(pid, 0)
        if said:
            reference.source, reference.failed, reference.slow = said["source"], said["failed"], said["slow"]
            self.idle.append(reference)
        else:
            reference.link.close()
        while len(self.idle) > IDLE_REFERENCES:
            self.idle.pop(0).link.close()


def main() -> None:
    """Be the warm process, on the control socket named in the arguments."""
    warm = _Warm(socket.socket(fileno=int(sys.argv[1])))
    _rehearse()
    try:
        warm.serve()
    finally:
        warm.close()


def _rehearse() -> None:
    """Do once what every judge would do for the first time, and let the garbage collector leave alone what is there.

    It was off until now; what it looks at, a fork has to copy.
    """
    with contextlib.suppress(OSError):  # there is no room for it: each judge does it then
        rehearse()
    describe_machine()
    gc.freeze()
    gc.enable()


def _end_with(parent: int) -> None:
    """Let the kernel kill this process when its parent dies, however that dies; its sandboxes follow it."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _judge(connection: socket.socket, reference: _Idle, source: str, last_words: int, place: str) -> None:
    """Be the judge of one notebook; say at the end whether the reference can be used again."""
    folder = contextlib.ExitStack()
    session, kept = None, False
    try:
        request = json.loads(_receive(connection))
        _answer(connection, {"judge": os.getpid()})
        plan = Plan.from_json(json.dumps(request["plan"]))
        limits = Limits(**request["limits"])
        # A fork has its parent's random state, and would draw what every other judge draws.
        random.seed()
        np.random.seed()
        if request["course_files"] or wants_one(plan):
            beside_the_notebook(request["course_files"], place, folder, limits)
        if wants_one(plan):
            with_temporary_files_beside()
        if reference.source == source:
            session = taken_up(reference.link, plan, limits, request["course_files"], reference.failed)
            session.slow = reference.slow
        else:
            session = prime(plan.solution, reference.link, limits, request["course_files"], plan.own_classes)
        sound, wanted = tuple(request["sound"]), (request["decides"], request["until_lost"])
        job = Job(plan, limits, request["files"], sound, request["beside"], *wanted)
        done = referee(job, session, _SoFar(connection))
        _answer(connection, {"done": asdict(done)})
        kept = done.reference_intact and reference.link.alive
        if kept:
            said = json.dumps({"source": source, "failed": session.failed, "slow": session.slow}).encode()
            if len(said) <= MAX_LAST_WORDS_BYTES:
                os.write(last_words, said)
    except SandboxError as error:
        _answer(connection, {"refuse": str(error)})
    except (CourseError, GraderError) as error:
        _answer(connection, {"fault": f"{type(error).__name__}: {error}"})
    except Exception:  # the last line of defence: whatever broke, a person sees it and nobody is marked
        _answer(connection, {"fault": traceback.format_exc()})
    finally:
        if session is not None and not kept:
            session.close()
        folder.close()


def taken_up(
    link: Link, plan: Plan, limits: Limits, files: dict[str, str], failed: Mapping[str, str] | None = None
) -> Session:
    """Return the session of a reference that has run the solution for an earlier notebook, its objects forgotten.

    In the place of one that ended while it waited another runs the solution.

    Args:
        failed: the cells that failed, each with what it said.

    Raises:
        GraderError: no process can be started.
    """
    whose = "the course's solution"
    ran = [cell.source for cell in plan.solution if cell.code]
    try:
        session = Session(limits, files, whose, link, ran, failed, classes=plan.own_classes)
        session.line().request({"op": "forget"})
    except GraderError:
        link.close()
        return prime(plan.solution, Link(limits, files, whose, trusted=True), limits, files, plan.own_classes)
    return session


def _libraries(plan: Plan) -> list[str]:
    """Return which of the libraries that are slow to start the instructor's own cells import."""
    text = "\n".join(cell.source for cell in plan.solution if cell.code)
    return [name for name in SLOW_TO_START if re.search(rf"^\s*(import|from)\s+{name}\b", text, re.MULTILINE)]


def _answer(connection: socket.socket, reply: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        _send(connection, json.dumps(reply).encode())


def _refereed_from(fields: dict[str, Any]) -> Refereed:
    cells = tuple(from_json(CellResult, json.dumps(cell)) for cell in fields["cells"])
    machine = from_json(Machine, json.dumps(fields["machine"]))
    causes = tuple(from_json(Cause, json.dumps(cause)) for cause in fields["causes"])
    plain = {name: tuple(fields[name]) for name in ("outputs", "sound", "missing_modules")}
    return Refereed(**{**fields, **plain, "cells": cells, "machine": machine, "causes": causes})


def _send(connection: socket.socket, payload: bytes) -> None:
    connection.sendall(_LENGTH.pack(len(payload)) + payload)


def _receive(connection: socket.socket) -> bytes:
    def exactly(count: int) -> bytes:
        parts = []
        while count:
            piece = connection.recv(min(count, 2**20))
            if not piece:
                raise EOFError("closed early")
            parts.append(piece)
            count -= len(piece)
        return b"".join(parts)

    return exactly(_LENGTH.unpack(exactly(_LENGTH.size))[0])
