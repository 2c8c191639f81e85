"""The names that the judge's cells see: their own, and what stands for those of the solution.

A name that the instructor's solution defines is a proxy here: calling it calls the function of the
process that the cell is run against. It knows nothing of marks; `judge` decides what a run means.
"""

import builtins
import contextlib
import io
import math
import re
import signal
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from IPython.utils.capture import CapturedIO

from kernelmark.errors import CourseError, KernelmarkError, SandboxError, SubmissionError
from kernelmark.notebook.cells import Plan, ends_in_a_name_of
from kernelmark.notebook.sharing import Shares
from kernelmark.own_types import know_classes
from kernelmark.records import Verdict
from kernelmark.referee.doctests import know_of_objects_in
from kernelmark.referee.figures import figures_of
from kernelmark.referee.outcome import Output
from kernelmark.sandbox import memory
from kernelmark.sandbox.limits import HOME, Limits
from kernelmark.sandbox.link import JUDGE_MEMORY, Link
from kernelmark.sandbox.shell import Shell, make_shell
from kernelmark.sandbox.turns import Patience
from kernelmark.wire.changes import Changes
from kernelmark.wire.contents import refill
from kernelmark.wire.desk import Desk, Files
from kernelmark.wire.files import Held
from kernelmark.wire.patched import Patched
from kernelmark.wire.proxy import Proxy, Remote, came, came_by_name, note_changes, object_at, share
from kernelmark.wire.raised import stands_for
from kernelmark.wire.refused import Refused, note_refused
from kernelmark.wire.shared import Shared
from kernelmark.wire.standing import Standing, note_standing
from kernelmark.wire.values import Decoder

# The test's own code may use so many times the limit of a call, in CPU time; a race checks every output here.
OWN_TIME = 2
# And a set-up cell of the course's, which students' code may have a part in too.
SET_UP_TIME = 10
# Where a bare `except` goes on in spite of it, it is ended again after so long.
AGAIN_S = 1.0
NOTHING = Shares()
_CAPTURE = re.compile(r"\A\s*%%capture\b([^\n]*)(?:\n|\Z)")
# The names of the shell, those among the solution's that a cell of the judge's gave another meaning, and the files.
Names = tuple[dict[str, Any], set[str], dict[str, Held] | None]
_WORD = re.compile(r"[^\W\d]\w*")
# The names of modules, each with some of what they mean.
Replaceable = list[tuple[dict[str, Any], dict[str, Any]]]


@dataclass(frozen=True)
class Ran:
    """What one run of a test came to.

    Args:
        error: what ended it, or what it was refused while it ran, whatever it made of that.
        number: what it ended in, where that is a number of the judge's own.
        doubts_files: a file that lay here was changed, and whether the course's own solution does so is not known.
    """

    outputs: list[Output]
    error: BaseException | None
    number: float | None = None
    verdicts: tuple[Verdict, ...] = ()
    doubts_files: bool = False


class Overdue(BaseException):
    """The test's own code went on for too long; no `except Exception` of the test's ends this."""


class Scene:
    """The judge's shell. `run` runs a cell in it, its names standing for those of one process."""

    def __init__(self, plan: Plan, limits: Limits):
        self._plan = plan
        self._patience = Patience(OWN_TIME * limits.cell_s)
        self._set_up_patience = Patience(SET_UP_TIME * limits.cell_s)
        self._limit_bytes = memory.first_bytes() + JUDGE_MEMORY * limits.memory_bytes
        self.solutions = frozenset(plan.names)
        # What stands for the solution's names, and those among them that a cell of the judge's gave another meaning.
        self._bound: dict[str, Any] = {}
        self._own: set[str] = set()
        # Names of which a test so far may have changed what functions of the solution read.
        self._touched: set[str] = set()
        # What only solutions import, as the judge imported it for the tests.
        self._imported: dict[str, Any] = {}
        # What tests so far speak of: modules may be among it.
        self._words: set[str] = set()
        self._shell: Shell = make_shell(runs_commands=True)
        # What a page shows of an object is not asked of it.
        if self._shell.display_formatter is not None:
            shown = self._shell.display_formatter.formatters["text/plain"]
            shown.for_type(Remote, lambda found, printer, _: printer.text(found._shown()))
        about_files = limits.contained and any(share.get("files") for share in plan.shares.values())
        self._desk = desk if about_files and (desk := Desk(HOME)).used else None
        self.verdicts: list[Verdict] = []
        names, classes = self._shell.user_ns, plan.own_classes
        know_classes(lambda: {name: names[name] for name in classes if isinstance(names.get(name), type)})

    def run(
        self,
        source: str,
        line: Callable[[], Link],
        changes: Changes | None = None,
        standing: Standing | None = None,
        shares: Shares = NOTHING,
    ) -> Ran:
        """Run a test against the process at the end of a line."""
        self.verdicts.clear()
        refused = Refused()
        note_refused(refused)
        note_standing(standing)
        self._words |= set(_WORD.findall(source))
        shared, replaceable = None, self._replaceable()
        try:
            know_of_objects_in(source)
            self._bind(source, line, lenient=False, watched=shares.at_once)
            shared = self._share(line, shares, source)
            note_changes(changes)
            with contextlib.ExitStack() as around:
                around.enter_context(contextlib.redirect_stdout(io.StringIO()))
                around.enter_context(contextlib.redirect_stderr(io.StringIO()))
                around.enter_context(memory.bounded(self._limit_bytes))
                around.enter_context(_in_time(self._patience, refused))
                around.enter_context(figures_of(line, shares.figures))
                captured = _CAPTURE.match(source)
                # The magic itself would keep what a test finds to itself, too.
                outputs, error = self._shell.run(source if captured is None else _CAPTURE.sub("\n", source, count=1))
                if captured is not None and error is None:
                    outputs, self._shell.value = self._kept(captured[1], outputs), None
        except SandboxError:
            raise
        except KernelmarkError as lost:  # before it came to run
            return Ran([], lost)
        finally:
            note_changes(None)
            note_refused(None)
            share(None)
            if shared is not None and shared.used:
                _restore(line)
            if shared is not None and shared.patched is not None:
                shared.patched.end()
            if shared is not None and shared.files is not None:
                with contextlib.suppress(KernelmarkError):
                    shared.files.end()
            note_standing(None)
        self._note_own()
        if error is not None:
            _put_back(replaceable)
        theirs = self.solutions | set(shares.watched)
        number = None if ends_in_a_name_of(source, theirs) else _number(self._shell.value)
        doubts = shared is not None and shared.files is not None and shared.files.doubtful
        denied = refused.denies if number is None else None
        return Ran(outputs, refused.decides or error or denied, number, tuple(self.verdicts), doubts)

    def _kept(self, words: str, outputs: list[Output]) -> list[Output]:
        """Give what a cell printed the name that `%%capture` says; nothing of it is shown."""
        texts = {n: "".join(o["text"] for o in outputs if o.get("name") == n) for n in ("stdout", "stderr")}
        for name in [word for word in words.split() if not word.startswith("-")][:1]:
            self._shell.user_ns[name] = CapturedIO(io.StringIO(texts["stdout"]), io.StringIO(texts["stderr"]), [])
        return []

    def set_up(
        self, source: str, line: Callable[[], Link], standing: Standing | None = None, *, plain: bool = False
    ) -> BaseException | None:
        """Run a set-up cell, which may do without what is missing; return what ended it.

        Args:
            plain: it is any other cell of the course's, which students have, too: it starts no program here, and ends.
        """
        note_standing(standing)
        self._shell.runs_commands = not plain
        try:
            with contextlib.suppress(SubmissionError):
                self._bind(source, line, lenient=True)
            patience = self._patience if plain else self._set_up_patience
            with memory.bounded(self._limit_bytes), _in_time(patience, Refused()):
                error = self._shell.run(source)[1]
        finally:
            self._shell.runs_commands = True
            note_standing(None)
        self._note_own()
        return error

    def solved(self, grade_id: str) -> None:
        """Give the names that a solution cell defines their meaning again: it has run."""
        self._own -= {name for name in self._own if grade_id in self._plan.names[name]}

    def names(self) -> Names:
        """Return the names as they are, to `go_back` to."""
        return dict(self._shell.user_ns), set(self._own), self._desk.names() if self._desk is not None else None

    def go_back(self, names: Names) -> None:
        """Let the names mean what they meant."""
        self._shell.user_ns.clear()
        self._shell.user_ns.update(names[0])
        self._own = set(names[1])
        if self._desk is not None:
            self._desk.go_back(names[2])

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Let what the block binds not stay."""
        now, replaceable = self.names(), self._replaceable()
        try:
            yield
        finally:
            self.go_back(now)
            _put_back(replaceable)

    def named(self, name: str) -> Any:
        """Return what a name means now, or None."""
        return self._shell.user_ns.get(name)

    def changes_files(self, source: str) -> bool:
        """Say whether the course's own solution, in a run of this test, changed files that lay here before."""
        return self._desk is not None and bool(self._desk.changed.get(source))

    def lend(self, name: str, value: Any) -> None:
        """Give a name a meaning that a cell would have given it, had it not failed before."""
        self._shell.user_ns[name] = value
        self._own |= {name} & self.solutions

    def _replaceable(self) -> Replaceable:
        """Return what a test may put something else in the place of: functions of modules, and standard input."""
        names = [*self._shell.user_ns.values(), *(sys.modules.get(word) for word in self._words)]
        modules = {value for value in names if isinstance(value, types.ModuleType)}
        spaces = [vars(module) for module in {builtins, *modules}]
        functions = [(space, {name: value for name, value in space.items() if callable(value)}) for space in spaces]
        return [*functions, (vars(sys), {"stdin": sys.stdin})]

    def _share(self, line: Callable[[], Link], shares: Shares, source: str) -> Shared | None:
        """Begin to share what a test and the solution have in common."""
        if shares.nothing:
            return None
        names = self._shell.user_ns
        sent, watched = shares.sent, shares.changers
        files = None
        if shares.files and self._desk is not None:
            files = Files(self._desk, source, shares.file_names, takes=shares.takes, trusted=line().trusted)
        patched = Patched(shares.modules) if shares.modules else None
        seeded = shares.seeded
        shared = Shared(
            line, names, self._bound, sent=sent, watched=watched, seeded=seeded, files=files, patched=patched
        )
        shared.force(self._touched)
        self._touched |= set(sent)
        if files is not None:
            files.begin(line())
        share(shared)
        return shared

    def _note_own(self) -> None:
        """Remember which of the solution's names the cell that has just run defined itself, as a later cell may."""
        names = self._shell.user_ns
        self._own |= {name for name, value in self._bound.items() if names.get(name, value) is not value}

    def _bind(self, source: str, line: Callable[[], Link], *, lenient: bool, watched: Sequence[str] = ()) -> None:
        """Make the solution's names that a cell mentions stand for those of a process."""
        names = self.solutions - self._own
        self._bound = {name: Proxy(line, {"n": name}, name, gives_objects=name in self._plan.classes) for name in names}
        self._shell.user_ns.update(self._bound)
        own = self._shell.user_ns
        theirs = {name for name in watched if name in own} - names
        self._imported |= {name: own[name] for name in self._plan.imports if name in own}
        imports = dict(self._imported)
        mentioned = set(_WORD.findall(source))
        wanted = sorted((names | imports.keys()) & mentioned | theirs)
        if not wanted:
            return
        link = line()
        reply, buffers = link.request({"op": "names", "names": wanted})
        found = reply.get("ok")
        decoder = Decoder(buffers, object_at(line))
        for name in wanted:
            entry = found.get(name) if isinstance(found, dict) else None
            if name in imports:
                # What the solution imports, a test finds where the student's code has it, too.
                own[name] = imports[name]
                if not isinstance(entry, dict) or entry.get("kind") == "missing":
                    del own[name]
                continue
            if isinstance(entry, dict) and entry.get("kind") == "value":
                value = decoder.decode(entry.get("value"))
                # A function is called where it lives: one of NumPy's, sent as a value, would run for nothing.
                if name in theirs:
                    self._shell.user_ns[name] = refill(self._shell.user_ns[name], value)
                elif isinstance(value, Remote) or not callable(value):
                    self._shell.user_ns[name] = self._bound[name] = value
                    came(link, name, value)
            elif name not in names:
                continue
            elif isinstance(entry, dict) and entry.get("kind") == "callable":
                came_by_name(link, self._bound[name], entry.get("type"))
                if (kind := stands_for(entry.get("bases"), self._bound[name])) is not None:
                    self._shell.user_ns[name] = self._bound[name] = kind
            elif isinstance(entry, dict) and entry.get("kind") == "missing" and not lenient:
                # Something that stands for it would pass `is not None`; Python's own NameError does not.
                self._shell.user_ns.pop(name, None)
                del self._bound[name]


def _put_back(replaceable: Replaceable) -> None:
    """Undo what a test left in the place of something: it did not come to do so itself."""
    for space, held in replaceable:
        space.update({name: value for name, value in held.items() if space.get(name) is not value})


def _restore(line: Callable[[], Link]) -> None:
    """Let the names of a process mean what its cells made of them."""
    with contextlib.suppress(KernelmarkError):
        line().request({"op": "restore"})


@contextlib.contextmanager
def _in_time(patience: Patience, refused: Refused) -> Iterator[None]:
    """End what the block computes here after so much CPU time: a loop may be as long as the student's code says.

    One call into C is not ended: Python hears of the clock when it comes back.
    """
    limit_s = patience.seconds

    def late(*_: Any) -> None:
        text = f"the test's own code used more than {limit_s:.3g} s of CPU time"
        if patience.seconds == limit_s:
            patience.shorten()
        refused.note(CourseError(text))
        raise Overdue(text)

    former = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, limit_s, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, former)


def may_be_lent(value: Any) -> bool:
    """Say whether what a cell bound while the course's own code answered holds none of its answers.

    A function that keeps nothing looks its names up when it is called; a module is what it is.
    """
    if isinstance(value, types.FunctionType):
        return not (value.__defaults__ or value.__kwdefaults__ or value.__closure__ or vars(value))
    return isinstance(value, types.ModuleType)


def lacks(error: BaseException | None) -> str:
    """Return the name that the judge's own code lacked, or ""."""
    own = isinstance(error, NameError) and not getattr(error, "kernelmark_remote", False)
    return str(getattr(error, "name", "") or "") if own and not isinstance(error, KernelmarkError) else ""


def _number(value: Any) -> float | None:
    """Return what a test ended in, where it is a number: to nbgrader, and here, the points. True is none, to both."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf
