"""`kernelmark validate`: what is wrong with an assignment before anybody gets it, as lines, as JSON, as a status.

The static part reads the notebook (`notebook.findings`), the run part grades it as it will be graded (`emptied`).
It changes no notebook and writes nothing.
"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat

from kernelmark.authoring import emptied
from kernelmark.authoring.emptied import Ran
from kernelmark.authoring.sources import Here
from kernelmark.errors import CourseError
from kernelmark.notebook.conform import Course
from kernelmark.notebook.finding import Finding
from kernelmark.notebook.findings import errors, findings
from kernelmark.referee.grading import between, read_source
from kernelmark.stopwatch.stats import number


@dataclass(frozen=True)
class Validated:
    """One notebook, looked at. `ran` is None where it was not run: for want of time, or since it cannot be."""

    notebook: str
    findings: tuple[Finding, ...]
    ran: Ran | None
    elapsed_s: float

    @property
    def sound(self) -> bool:
        """Whether there is no error."""
        return not errors(self.findings)

    def lines(self) -> Iterator[str]:
        """Yield the findings, a line each, and what was looked at."""
        yield from (each.line for each in self.findings)
        wrong = len(errors(self.findings))
        counted = f"{_of(wrong, 'error')}, {_of(len(self.findings) - wrong, 'warning')}"
        yield f"{self.notebook}: {counted}; {self._looked_at()}; {self.elapsed_s:.0f} s"

    def _looked_at(self) -> str:
        ran = self.ran
        if ran is None:
            return "read, not run"
        hand = f" (and {number(ran.by_hand)} given by hand)" if ran.by_hand else ""
        speed = "no speed test"
        if ran.speeds:
            least = min(ran.speeds, key=lambda each: each.margin)
            speed = f"{_of(len(ran.speeds), 'speed test')}, the least margin {least.margin:.2f} ({least.grade_id})"
        return (
            f"own solution {number(ran.points)} of {number(ran.of)} points{hand}, release {number(ran.released)}, "
            f"{_of(ran.emptied, 'emptied cell')}, {speed}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        ran = asdict(self.ran) if self.ran else None
        if ran is not None:
            del ran["findings"]
        return {
            "notebook": self.notebook,
            "findings": [asdict(each) for each in self.findings],
            "ran": ran,
            "elapsed_s": round(self.elapsed_s, 1),
        }


def validate(path: Path, here: Here, *, static: bool = False, jobs: int = 0) -> Validated:
    """Return what is wrong with one notebook.

    Args:
        static: only read it. jobs: how many are graded at once; 0 for one on each core.

    Raises:
        SandboxError: nothing can be contained on this machine.
    """
    start = time.monotonic()
    found: list[Finding] = []
    ran = None
    try:
        found += static_findings(path, here)
        if not static:
            course = Course(read_source(path, here.config), here.config)
            ran = emptied.run(course, path.parent, here.limits, jobs or os.cpu_count() or 1)
            found += ran.findings
    except CourseError as error:
        if not errors(found):
            found.append(Finding("error", "refused", "notebook", str(error), "mend it; it cannot be graded so"))
    return Validated(str(path), tuple(dict.fromkeys(found)), ran, time.monotonic() - start)


def static_findings(path: Path, here: Here) -> list[Finding]:
    """Return what can be found in a notebook without running it.

    Raises:
        CourseError: it cannot be read.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        raise CourseError(f"{path} cannot be read as a notebook: {str(error)[:200]}") from None
    return findings(between(notebook, here.config), path.parent, here.config)


def as_json(found: Sequence[Validated]) -> dict[str, Any]:
    """Return all that was found as one object."""
    wrong = sum(len(errors(each.findings)) for each in found)
    return {
        "notebooks": [each.as_json() for each in found],
        "errors": wrong,
        "warnings": sum(len(each.findings) for each in found) - wrong,
    }


def _of(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
