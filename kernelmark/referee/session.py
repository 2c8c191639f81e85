"""A process that can be lost and started again: what ran in it is run again, without the guilty cell.

It knows which cells have run and which one ended the process. It does not know what a
cell is worth; `referee` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernelmark.errors import CourseError, GraderError, SandboxError, SubmissionError, SubmissionLost
from kernelmark.sandbox.limits import Limits
from kernelmark.sandbox.link import Link
from kernelmark.sandbox.shell import DROPPED_NOTE, MAX_OUTPUTS
from kernelmark.sandbox.turns import Patience

# A student's cell or call may take so many times as long as the course's own, where that is more than the limit.
TIMES_THE_COURSE = 3
# A cell of the course's own may take so many times the limit of a cell.
PATIENCE_WITH_THE_COURSE = 10
# The forms of one rich output; a plot has three.
MAX_FORMS = 20
# What an error may add to a cell's printed text: its traceback, and a note on what was cut.
SLACK_CHARS = 100_000
# When a notebook's outputs are used up, a cell still shows so much: enough for an error and its message.
LAST_BYTES = 2_000
NOTEBOOK_NOTE = "\n[output dropped: more than {} bytes in this notebook (notebook_output_limit_bytes)]\n"


class Session:
    """The student's process over the whole of a notebook, restarts included.

    Args:
        limits: what each process, and the notebook as a whole, may use.
        files: the submission's own files.
        whose: "your code" or "the course's solution".
        link: a started process to begin with; else one is started at first use.
        ran: the cells that have run in it. A session with a link is the reference's: trusted.
        failed: cells that failed the first time, each with what it said; no other may when it is run again.
        trusted: it is the course's own, although it begins without a link.
        classes: the names of classes whose objects cross by name and fields: those of the course's own cells.
    """

    def __init__(
        self,
        limits: Limits,
        files: Mapping[str, str] | None = None,
        whose: str = "your code",
        link: Link | None = None,
        ran: Sequence[str] = (),
        failed: Mapping[str, str] | None = None,
        *,
        trusted: bool = False,
        classes: Sequence[str] = (),
    ):
        self.limits = limits
        self._files = files
        self._whose = whose
        self._link = self._first = link
        self._starts = 0 if link is None else 1
        self._ran: list[str] = list(ran)
        self.failed: dict[str, str] = dict(failed or {})
        # The course's cells that take a third of the limit of a cell or longer, by grade id or text, and how long.
        self.slow: dict[str, float] = {}
        self._cpu_s = 0.0
        self._spent_s = 0.0
        self._trusted = trusted or link is not None
        self._classes = list(classes)
        self._output_bytes = 0
        # The cells that are not run again, each with how it ended the process.
        self.left_out: list[tuple[str, str]] = []
        self._patience = Patience(limits.cell_s)
        if link is not None:
            link.be_patient(self._patience)
            self._make_known(link)

    @property
    def restarts(self) -> int:
        """How many processes were lost so far."""
        return max(0, self._starts - 1)

    @property
    def intact(self) -> bool:
        """Whether the process that the session began with still runs."""
        return self._link is not None and self._link is self._first and self._link.alive

    def line(self) -> Link:
        """Return the running process, started again where it was lost.

        Raises:
            SubmissionLost: it was lost too often, or the notebook has used up its time.
            CourseError, GraderError: it is the reference, and cannot be started again.
        """
        if self._link is None or not self._link.alive:
            self._start()
        self._require_time()
        assert self._link is not None
        return self._link

    def run(self, source: str, at_least_s: float = 0.0) -> tuple[list[dict[str, Any]], bool]:
        """Run a cell and remember it; return its outputs and whether it failed.

        A cell that ends the process is forgotten, and its output says what happened.

        Args:
            at_least_s: it may take so long, whatever the limit of a cell is.

        Raises:
            SandboxError: no process can be started.
        """
        try:
            outputs, failed = self._run(self.line(), source, at_least_s)
        except SandboxError:
            raise
        except (SubmissionError, GraderError) as error:
            if isinstance(error, GraderError) and not self._trusted:
                raise
            lost = isinstance(error, SubmissionLost) or self._trusted
            self._ran.append("" if lost else source)  # a cell has its place, whatever came of it
            if lost:
                self.left_out.append((source, str(error)))
            return [error_output(error)], True
        self._ran.append(source)
        return outputs, failed

    def ask(self, source: str) -> tuple[list[dict[str, Any]], bool]:
        """Run a cell that is not run again when the process is lost; return its outputs and whether it failed.

        Raises:
            GraderError: it is the course's own process, and was lost.
        """
        try:
            return self._run(self.line(), source)
        except SubmissionError as error:
            return [error_output(error)], True

    def forget_callbacks(self) -> None:
        """Serve the functions given to the running process no more."""
        if self._link is not None:
            self._link.forget_callbacks()

    def allow(self, seconds: float) -> None:
        """Let a call take so long from now on, whatever the limit is; 0 for the limit."""
        self._patience.at_least_s = seconds

    def forgive(self) -> None:
        """Count the processes lost from now on: what one test did to this one costs no later test."""
        self._starts = min(self._starts, 1)

    def as_of(self, count: int) -> "Session":
        """Return a session of the first cells that ran in this one, which starts when it is first asked."""
        ran = self._ran[:count]
        return Session(
            self.limits, self._files, self._whose, None, ran, self.failed, trusted=self._trusted, classes=self._classes
        )

    def renew(self) -> None:
        """Give up the running process, so that the next use starts a fresh one."""
        if self._link is not None:
            self._drop(self._link)
            self._starts -= 1

    def close(self) -> float:
        """End the process, and return the CPU seconds of all processes of this session."""
        if self._link is not None:
            self._drop(self._link)
        return self._cpu_s

    def _require_time(self) -> None:
        running_s = self._link.spent_s if self._link is not None else 0.0
        if not self._trusted and self._spent_s + running_s > self.limits.notebook_s:
            raise SubmissionLost(f"the notebook used up its {self.limits.notebook_s:.0f} s (notebook_timeout_s)")
        if not self._trusted and self._cpu_s > self.limits.cpu_s:
            raise SubmissionLost(f"the notebook used up its {self.limits.cpu_s:.0f} s of CPU time (cpu_limit_s)")

    def _start(self) -> None:
        while True:
            self._require_time()
            if self._link is not None:
                self._drop(self._link)
            if self._starts > self.limits.restarts:
                text = f"the process of {self._whose} was lost {self._starts} times and is not started again"
                raise (GraderError if self._trusted else SubmissionLost)(f"{text} (restart_limit)")
            self._starts += 1
            self._link = Link(
                self.limits,
                self._files,
                self._whose,
                patience=self._patience,
                trusted=self._trusted,
                cpu_before_s=self._cpu_s,
            )
            try:
                self._make_known(self._link)
                if self._replay(self._link):
                    return
            except (CourseError, GraderError):
                self._drop(self._link)  # or the next request would go to half of a solution
                raise

    def _make_known(self, link: Link) -> None:
        if self._classes:
            link.request({"op": "classes", "names": self._classes})

    def _replay(self, link: Link) -> bool:
        """Run again what had run; a cell that ends the process this time is dropped. Say if all is well.

        Raises:
            CourseError: it is the course's, and a cell fails that did not fail before.
        """
        for position, source in enumerate(self._ran):
            if not source:
                continue
            self._require_time()
            try:
                _, failed = self._run(link, source)
                if failed and self._trusted and source not in self.failed:
                    raise CourseError(f"a cell of {self._whose} fails when it is run again; it begins {source[:80]!r}")
            except SubmissionLost as error:
                self.left_out.append((source, str(error)))
                self._ran[position] = ""
                return False
            except SubmissionError:
                continue
        return True

    def _run(self, link: Link, source: str, at_least_s: float = 0.0) -> tuple[list[dict[str, Any]], bool]:
        # A cell always has its full time, however often some function hung: it may be run again many times.
        bounds = {"max_chars": self.limits.cell_output_chars, "max_rich_bytes": self.limits.cell_display_bytes}
        own_s = min(self.limits.notebook_s, PATIENCE_WITH_THE_COURSE * self.limits.cell_s) if self._trusted else 0.0
        limit_s = max(self.limits.cell_s, at_least_s, own_s)
        reply, _ = link.request({"op": "cell", "source": source, **bounds}, timeout_s=limit_s)
        found = reply.get("ok")
        if not isinstance(found, dict) or not isinstance(found.get("outputs"), list):
            raise SubmissionError(f"{self._whose} put nonsense on the line to the grader: no outputs of a cell")
        return self._bounded(found["outputs"][:MAX_OUTPUTS]), bool(found.get("failed"))

    def _bounded(self, items: list[Any]) -> list[dict[str, Any]]:
        """Return what a cell showed as nbformat accepts it, within the bounds of a cell and of the notebook.

        The other end keeps to the bounds of a cell by itself, unless it was tampered with.
        """
        left = max(self.limits.notebook_output_bytes - self._output_bytes, LAST_BYTES)
        dropped = DROPPED_NOTE.format(self.limits.cell_display_bytes)
        room = _Room(self.limits.cell_output_chars + SLACK_CHARS, self.limits.cell_display_bytes, left, dropped)
        outputs = [clean for item in items if not room.full and (clean := _clean_output(item, room))]
        self._output_bytes += left - room.notebook
        if room.full:
            outputs.append(_stream(NOTEBOOK_NOTE.format(self.limits.notebook_output_bytes)))
        return outputs

    def _drop(self, link: Link) -> None:
        link.close()
        self._cpu_s += link.cpu_s
        self._spent_s += link.spent_s
        self._link = None


def _stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stderr", "text": text}


def error_output(error: BaseException) -> dict[str, Any]:
    """Return an exception as an output of a notebook cell, in one line."""
    name, text = type(error).__name__, str(error)
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}


@dataclass
class _Room:
    """What outputs may still have: characters printed and raised in this cell, shown in it; bytes in the notebook."""

    printed: int
    shown: int
    notebook: int
    dropped: str
    full: bool = False

    def text(self, value: Any) -> str:
        """Return printed text, fit to be written, as far as there is room."""
        if not isinstance(value, str) or not value:
            return ""
        raw = value[: max(0, min(self.printed, self.notebook))].encode("utf-8", "replace")
        self.full = (
            self.full or len(raw) > self.notebook or (self.notebook < len(value) and self.notebook < self.printed)
        )
        raw = raw[: max(0, self.notebook)]
        self.printed -= len(value)
        self.notebook -= len(raw)
        return raw.decode("utf-8", "ignore")

    def forms(self, data: Any) -> dict[str, str]:
        """Return the forms of a rich output, or a note where there is no room for all of them."""
        forms = [(k, v) for k, v in data.items() if isinstance(v, str)][:MAX_FORMS] if isinstance(data, dict) else []
        forms = [(_writable(k), _writable(v)) for k, v in forms]
        length = sum(len(k.encode()) + len(v.encode()) for k, v in forms)
        self.shown -= length
        if self.shown < 0:
            forms, length = [("text/plain", self.dropped)], len(self.dropped)
        if length > self.notebook:
            self.full, forms, length = True, [], self.notebook
        self.notebook -= length
        return dict(forms)


def _clean_output(item: Any, room: _Room) -> dict[str, Any] | None:
    """Return an output that nbformat accepts, or None for what is none."""
    if not isinstance(item, dict):
        return None
    match item.get("output_type"):
        case "stream":
            name = "stderr" if item.get("name") == "stderr" else "stdout"
            return {"output_type": "stream", "name": name, "text": room.text(item.get("text"))}
        case "error":
            trace = item.get("traceback")
            name, value = room.text(item.get("ename")), room.text(item.get("evalue"))
            lines = [room.text(line) for line in trace[:400]] if isinstance(trace, list) else []
            return {"output_type": "error", "ename": name, "evalue": value, "traceback": lines}
        case "display_data" | "execute_result" as kind:
            output: dict[str, Any] = {"output_type": kind, "data": room.forms(item.get("data")), "metadata": {}}
            return {**output, "execution_count": None} if kind == "execute_result" else output
    return None


def _writable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
