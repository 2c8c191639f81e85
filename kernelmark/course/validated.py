"""nbgrader's Validate in sentences: of a failed test what it claims and why it failed, not its text and a traceback.

The button's dialog and `nbgrader validate` print all of both, a page a test (119,102 characters for 03_matmul as it is
released). Which tests fail is nbgrader's to say, and so is all else.
"""

from typing import Any

from nbconvert.filters import ansi2html, strip_ansi
from nbgrader.validator import Validator

from kernelmark.notebook.cells import claim_of

# A sentence of ours is shorter; a traceback of a notebook that does not use Kernelmark's words is cut to its last line.
MAX_SENTENCE_CHARS = 2_000


def in_sentences() -> None:
    """Make nbgrader's validator say it short; a second call changes nothing."""
    if not hasattr(Validator.validate, "of_nbgrader"):
        Validator.validate = _shortened(Validator.validate)


def _shortened(found_by: Any) -> Any:
    def validate(self: Validator, filename: str) -> dict[str, list[dict[str, str]]]:
        results: dict[str, list[dict[str, str]]] = found_by(self, filename)
        results.get("failed", [])[:] = [_said(item) for item in results.get("failed", [])]
        return results

    validate.of_nbgrader = found_by  # type: ignore[attr-defined]
    return validate


def _said(item: dict[str, str]) -> dict[str, str]:
    claim, said = claim_of(item["source"]), item["raw_error"]
    plain = strip_ansi(said).strip()
    if "Traceback (most recent call last)" in plain or len(plain) > MAX_SENTENCE_CHARS:
        said = plain.rpartition("\n")[2][:MAX_SENTENCE_CHARS]
    return {"source": claim or item["source"], "error": ansi2html(said), "raw_error": said}
