"""nbgrader's Validate on a course that uses Kernelmark: sentences, where it printed tests and tracebacks."""

from pathlib import Path

import nbformat
import pytest
from nbgrader.validator import Validator

from kernelmark.course.validated import in_sentences
from tests.small_course import asked, notebook_of, plain, solution

WORDS = "from kernelmark.checks import close"
TEST = '"""add returns the sum."""\nfor pair in [(1, 2), (3, 4)]:\n    close(add(*pair), sum(pair), what="add")'


@pytest.mark.parametrize("words", [WORDS, "def close(a, b, what):\n    assert a == b, f'{what}: got {a}'"])
def test_a_failed_test_is_its_claim_and_a_sentence(tmp_path: Path, words: str):
    """In the dialog and in a terminal, with Kernelmark's words and with a course's own; the count is nbgrader's."""
    in_sentences()
    in_sentences()
    cells = [plain(words), solution("add", "def add(a, b):\n    return a"), asked("add_sum", TEST)]
    cells += [asked("free", "assert add(1, 0) == 2"), asked("right", '"""add of 0."""\nassert add(3, 0) == 3')]
    nbformat.write(notebook_of(*cells), tmp_path / "short.ipynb")
    claimed, free = Validator().validate(str(tmp_path / "short.ipynb"))["failed"]
    assert claimed["source"] == "add returns the sum."
    assert "add: " in claimed["raw_error"]
    assert len(claimed["raw_error"]) < 200
    assert "Traceback" not in claimed["raw_error"] + claimed["error"] + free["raw_error"]
    assert free["source"] == "assert add(1, 0) == 2"
