"""A process that can be lost and started again: what ran in it is run again, without the guilty cell.

It knows which cells have run and which one ended the process. It does not know what a
cell is worth; `referee` does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kernelmark.errors import SubmissionError, SubmissionLost
from kernelmark.links import Link, Patience
from kernelmark.sandbox import Limits
from kernelmark.shell import MAX_RICH_BYTES

# Outputs of one cell, and characters of all outputs of a notebook; a server that was not tampered with stays below.
MAX_OUTPUTS = 2_000
MAX_NOTEBOOK_CHARS = 24 * 2**20


class Session:
    """The student's process over the whole of a notebook, restarts included.

    Args:
        limits: what each process, and the notebook as a whole, may use.
        files: the submission's own files.
        whose: "your code" or "the course's solution".
        link: a started process to begin with; else one is started at first use.
        ran: the cells that have run in it. A session with a link is the reference's: trusted.
    """

    def __init__(
        self,
        limits: Limits,
        files: Mapping[str, str] | None = None,
        whose: str = "your code",
        link: Link | None = None,
        ran: Sequence[str] = (),
    ):
        self._limits = limits
        self._files = files
        self._whose = whose
        self._link = self._first = link
        self._starts = 0 if link is None else 1
        self._ran: list[str] = list(ran)
        self._cpu_s = 0.0
        self._spent_s = 0.0
        self._trusted = link is not None
        self._output_chars = 0
        self._patience = Patience(limits.cell_s)

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
        """
        if self._link is None or not self._link.alive:
            self._start()
        self._require_time()
        assert self._link is not None
        return self._link

    def run(self, source: str) -> tuple[list[dict[str, Any]], bool]:
        """Run a cell and remember it; return its outputs and whether it failed.

        A cell that ends the process is forgotten, and its output says what happened.
        """
        try:
            outputs, failed = self._run(self.line(), source)
        except SubmissionError as error:
            if not isinstance(error, SubmissionLost):
                self._ran.append(source)
            return [error_output(error)], True
        self._ran.append(source)
        return outputs, failed

    def forget_callbacks(self) -> None:
        """Serve the functions given to the running process no more."""
        if self._link is not None:
            self._link.forget_callbacks()

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
        if not self._trusted and self._spent_s + running_s > self._limits.notebook_s:
            raise SubmissionLost(f"the notebook used up its {self._limits.notebook_s:.0f} s")

    def _start(self) -> None:
        while True:
            self._require_time()
            if self._link is not None:
                self._drop(self._link)
            if self._starts > self._limits.restarts:
                raise SubmissionLost(
                    f"the process of {self._whose} was lost {self._starts} times and is not started again"
                )
            self._starts += 1
            self._link = Link(self._limits, self._files, self._whose, patience=self._patience, trusted=self._trusted)
            if self._replay(self._link):
                return

    def _replay(self, link: Link) -> bool:
        """Run again what had run; a cell that ends the process this time is dropped. Say if all is well."""
        for position, source in enumerate(self._ran):
            self._require_time()
            try:
                self._run(link, source)
            except SubmissionLost:
                del self._ran[position]
                return False
            except SubmissionError:
                continue
        return True

    def _run(self, link: Link, source: str) -> tuple[list[dict[str, Any]], bool]:
        # A cell always has its full time, however often some function hung: it may be run again many times.
        reply, _ = link.request({"op": "cell", "source": source}, timeout_s=self._limits.cell_s)
        found = reply.get("ok")
        if not isinstance(found, dict) or not isinstance(found.get("outputs"), list):
            raise SubmissionError(f"{self._whose} put nonsense on the line to the grader: no outputs of a cell")
        outputs = [clean for item in found["outputs"][:MAX_OUTPUTS] if (clean := _clean_output(item))]
        self._output_chars += sum(len(str(output)) for output in outputs)
        if self._output_chars > MAX_NOTEBOOK_CHARS:
            outputs = [_stream("[output dropped: the notebook's outputs together are too long]\n")]
        return outputs, bool(found.get("failed"))

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


def _clean_output(item: Any) -> dict[str, Any] | None:
    """Return an output that nbformat accepts, or None for what is none."""
    if not isinstance(item, dict):
        return None
    match item.get("output_type"):
        case "stream":
            name = "stderr" if item.get("name") == "stderr" else "stdout"
            return {"output_type": "stream", "name": name, "text": _text(item.get("text"))}
        case "error":
            trace = item.get("traceback")
            lines = [_text(line) for line in trace[:400]] if isinstance(trace, list) else []
            return {
                "output_type": "error",
                "ename": _text(item.get("ename")),
                "evalue": _text(item.get("evalue")),
                "traceback": lines,
            }
        case "display_data" | "execute_result" as kind:
            data = item.get("data")
            kept = {_text(k): _text(v) for k, v in data.items() if isinstance(v, str)} if isinstance(data, dict) else {}
            output: dict[str, Any] = {"output_type": kind, "data": kept, "metadata": {}}
            return {**output, "execution_count": None} if kind == "execute_result" else output
    return None


def _text(value: Any) -> str:
    """Return text from the other side, fit to be written, and no longer than its own end should have let it be."""
    return value[:MAX_RICH_BYTES].encode("utf-8", "replace").decode() if isinstance(value, str) else ""
