"""How far a class is: a bar on a terminal, plain lines elsewhere, a log file, JSON for programs.

It counts and prints. It knows nothing of how grading is done.
"""

import contextlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from kernelmark.records import SubmissionResult, missing_module
from kernelmark.stopwatch.stats import number
from kernelmark.text import visible

# What was odd about one folder, in its line of a run; the report has all of it.
MAX_ODD_CHARS = 400


@dataclass
class Progress:
    """The state of one run, told to whoever watches.

    Args:
        log: gets one line a submission, added to what is there.
        as_json: print one JSON object a line instead of a bar or lines.
        out: where to print.
    """

    log: Path
    as_json: bool = False
    out: TextIO = sys.stdout

    def begin(self, count: int, skipped: int) -> None:
        """Say how many are to be graded, and how many are done already."""
        self._start, self._graded, self._failed, self._changed, self._count = time.monotonic(), 0, 0, 0, count
        self._skipped = skipped
        self._importing: dict[str, set[str]] = {}
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._bar: Any = None
        if self.as_json:
            self._print_json(event="begin", submissions=count, skipped=skipped)
        elif self.out.isatty():
            self._bar = tqdm(total=count, unit="submission", file=self.out, dynamic_ncols=True)
        else:
            self._print(f"{count} to grade, {skipped} done before")

    def graded(self, result: SubmissionResult, change: str, *, last: bool = True) -> None:
        """Tell of one graded notebook.

        Args:
            change: why its marks differ from the former ones, or "".
            last: of its submission; what is counted is submissions.
        """
        self._graded += last
        self._changed += bool(change)
        for module in result.missing_modules:
            self._importing.setdefault(module, set()).add(result.student)
        people = sum(cell.points is None for cell in result.cells)
        earned, most = sum(c.points or 0.0 for c in result.cells), sum(c.max_points for c in result.cells)
        marks = f"{number(earned)} of {number(most)}" + (f", {people} for a person" if people else "")
        forgeable = sum(bool(cell.beside) for cell in result.cells)
        marks += f", {forgeable} judged beside it" if forgeable else ""
        name = visible(f"{result.student}/{result.notebook}", lines=False)
        odd = _odd(result)
        self._log(f"graded {name}: {marks}, {result.elapsed_s:.1f} s{f'; {change}' if change else ''}{odd}")
        if self.as_json:
            self._print_json(
                event="graded",
                student=result.student,
                notebook=result.notebook,
                points=earned,
                max_points=most,
                for_a_person=people,
                judged_beside=forgeable,
                elapsed_s=round(result.elapsed_s, 3),
                change=change,
                notes=list(result.notes),
            )
        elif self._bar is None:
            done = self._graded + self._failed
            at, why = f"{done + (not last)}/{self._count}", f"; {change}" if change else ""
            self._print(f"{at} {name}: {marks}{why}{odd}{self._left(done)}")
        elif change or odd:
            self._bar.write(f"{name}: {marks}{f'; {change}' if change else ''}{odd}", file=self.out)
        if last:
            self._step()

    def failed(self, student: str, why: str) -> None:
        """Tell of a submission that could not be graded."""
        student, why = visible(student, lines=False), visible(why)
        self._failed += 1
        self._log(f"failed {student}: {why}")
        if self.as_json:
            self._print_json(event="failed", student=student, why=why)
        elif self._bar is not None:
            self._bar.write(f"{student}: not graded: {why}", file=self.out)
        else:
            self._print(f"{student}: not graded: {why}")
        self._step()

    def note(self, text: str) -> None:
        """Tell of something that changes no count."""
        text = visible(text)
        self._log(text)
        if self.as_json:
            self._print_json(event="note", text=text)
        elif self._bar is not None:
            self._bar.write(text, file=self.out)
        else:
            self._print(text)

    def end(self, *, stopped: bool = False) -> None:
        """Print the sum."""
        if self._bar is not None:
            self._bar.close()
        elapsed = time.monotonic() - self._start
        if self.as_json:
            self._print_json(
                event="stopped" if stopped else "end",
                graded=self._graded,
                failed=self._failed,
                skipped=self._skipped,
                changed=self._changed,
                missing_modules={name: len(who) for name, who in sorted(self._importing.items())},
                elapsed_s=round(elapsed, 3),
            )
            return
        rate = f", {60 * self._graded / elapsed:.0f} a minute" if self._graded and elapsed > 0 else ""
        self._print(
            f"{'Stopped: ' if stopped else ''}{self._graded} graded in {elapsed:.1f} s{rate}; {self._failed} failed, "
            f"{self._skipped} done before" + ("; run the same command to go on" if stopped else "")
        )
        for name, who in sorted(self._importing.items()):
            self._print(missing_module(name, len(who)))
        if self._failed:
            self._print(f"why they failed: {self.log}")

    def _left(self, done: int) -> str:
        if not done or done >= self._count:
            return ""
        seconds = (time.monotonic() - self._start) / done * (self._count - done)
        return f" ({seconds:.0f} s left)"

    def _step(self) -> None:
        if self._bar is not None:
            self._bar.set_postfix(failed=self._failed, refresh=False)
            self._bar.update()

    def _print(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            print(text, file=self.out, flush=True)

    def _print_json(self, **fields: Any) -> None:
        self._print(json.dumps(fields))

    def _log(self, text: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {text}\n")


def _odd(result: SubmissionResult) -> str:
    """Return what was odd about a folder, to stand at the end of its line."""
    text = " ".join(" ".join(result.notes).split())
    return f"; look: {visible(text[:MAX_ODD_CHARS], lines=False)}" if text else ""
