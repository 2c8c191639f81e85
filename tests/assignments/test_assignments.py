"""What every assignment under source/ must keep, whoever writes it."""

import asyncio
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert.exporters.exporter import ResourcesDict
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme

from kernelmark.student.export import EXPORT, module_of
from tests.sample_class import ROOT, course

NOTEBOOKS = sorted(ROOT.glob("source/*/*.ipynb"))
pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.parent.name)
# Where speed can be judged by a ratio on one core; elsewhere counting says the same, or nothing can.
TIMED = ("03_matmul", "04_fuse", "06_compress", "07_conv")
# What was measured to be false, or says nothing, in the words in which it is usually said.
REFUTED = [
    r"exponentially (?:worse|slower)", r"8x compression", r"10-50x", r"\b1000x slower", r"2700x",
    r"cache misses cost 100x", r"O\(N\^?3\)\s*(?:->|to)\s*O\(N\^?2\)", r"break SIMD", r"for better SIMD",
    r"(?:all|every) NumPy operations? (?:are|is) vectori[sz]ed", r"custom kernels outperform",
    r"\b(?:simply|blazing(?:ly)?|obviously|effortless(?:ly)?)\b", r"memory bound by nature",
]  # fmt: skip
# A cell that takes longer hangs; all of a notebook together may take five minutes.
NOTEBOOK_TIMEOUT_S = 300
PICTOGRAPH = re.compile("[\U0001f300-\U0001faff\u2705\u274c\u2728]")


def cells(path: Path) -> list[nbformat.NotebookNode]:
    return nbformat.read(path, as_version=4).cells


def marks(cell: nbformat.NotebookNode) -> dict:
    return cell.metadata.get("nbgrader", {})


class TestSource:
    def test_is_committed_clean(self, path: Path):
        """No outputs, no execution counts, unique readable cell ids."""
        found = cells(path)
        assert not [cell.id for cell in found if cell.get("outputs") or cell.get("execution_count")]
        assert len({cell.id for cell in found}) == len(found)

    def test_points_sum_to_100(self, path: Path):
        """Speed, correctness and written answers together give 100."""
        assert sum(marks(cell).get("points", 0) for cell in cells(path)) == 100

    def test_speed_carries_15_to_25_points_where_it_is_judged(self, path: Path):
        """A speed test is as trustworthy as any other, and counts like one; the other assignments count."""
        speed = sum(
            marks(cell).get("points", 0)
            for cell in cells(path)
            if "faster(" in cell.source and marks(cell).get("grade")
        )
        assert 15 <= speed <= 25 if path.parent.name in TIMED else speed == 0

    def test_every_test_is_locked_and_states_its_property(self, path: Path):
        """Locked, graded, with a docstring that a student may read."""
        course(path.parent.name)  # raises where grade ids repeat
        for cell in course(path.parent.name).cells:
            if cell.role == "test":
                assert cell.claim, f"{cell.grade_id} has no docstring"
        assert all(
            marks(cell)["locked"] for cell in cells(path) if marks(cell).get("grade") and not marks(cell)["solution"]
        )

    def test_no_pictographs(self, path: Path):
        """Plain prose."""
        assert not [cell.id for cell in cells(path) if PICTOGRAPH.search(cell.source)]

    def test_prose_repeats_nothing_that_was_refuted(self, path: Path):
        """No claim that a measurement of the course contradicts, and no word that stands for one."""
        for cell in cells(path):
            if cell.cell_type == "markdown" and not marks(cell).get("solution"):
                prose = re.sub(r"[\"“][^\"”]*[\"”]", "", cell.source)  # quoted in order to be taken apart
                assert not [claim for claim in REFUTED if re.search(claim, prose, re.IGNORECASE)], cell.id

    def test_says_what_it_needs_at_its_head(self, path: Path):
        """Title, points, hours, what comes before and after, and the goals."""
        head = cells(path)[0].source
        assert head.startswith(f"# {path.parent.name[:2]} ")
        assert not [word for word in ("Points", "Hours", "Before this", "After this", "Goals") if word not in head]

    def test_written_answers_have_a_mark_scheme(self, path: Path):
        """Assistants grade alike."""
        answers = [cell for cell in cells(path) if marks(cell).get("grade") and marks(cell).get("solution")]
        assert answers
        assert not [marks(cell)["grade_id"] for cell in answers if "BEGIN MARK SCHEME" not in cell.source]

    def test_every_solution_can_be_exported(self, path: Path):
        """Each solution cell carries the mark, and the module made of them is Python that can be run."""
        solved = [cell for cell in cells(path) if marks(cell).get("solution") and not marks(cell).get("grade")]
        assert not [marks(cell)["grade_id"] for cell in solved if not EXPORT.match(cell.source)]
        compile(module_of(nbformat.read(path, as_version=4), path.stem), path.stem, "exec")

    @pytest.mark.slow
    @pytest.mark.parametrize("version", ["instructor", "student"])
    def test_runs_top_to_bottom_in_a_fresh_kernel(self, path: Path, version: str):
        """As written, and as a student has it who solved it: without hidden tests. No cell fails."""
        notebook = nbformat.read(path, as_version=4)
        if version == "student":
            notebook, _ = ClearHiddenTests().preprocess(notebook, ResourcesDict())
        where = {"metadata": {"path": str(path.parent)}}
        client = NotebookClient(notebook, timeout=NOTEBOOK_TIMEOUT_S, kernel_name="python3", resources=where)
        # The client's own limit is for a cell; this one is for all of them.
        asyncio.run(asyncio.wait_for(client.async_execute(), NOTEBOOK_TIMEOUT_S))


class TestRelease:
    def test_is_current(self, path: Path):
        """release/ holds what `make release` would write: same cells, same text, same marks."""
        released = nbformat.read(ROOT / "release" / path.relative_to(ROOT / "source"), as_version=4)
        wanted, resources = course(path.parent.name).released, ResourcesDict()
        wanted = nbformat.from_dict(json.loads(json.dumps(wanted)))
        for step in (ClearHiddenTests, ClearMarkScheme):
            wanted, resources = step().preprocess(wanted, resources)
        keep = ("grade_id", "points", "grade", "solution", "locked")
        view = [(c.cell_type, c.source, {k: marks(c).get(k) for k in keep}) for c in wanted.cells]
        assert [(c.cell_type, c.source, {k: marks(c).get(k) for k in keep}) for c in released.cells] == view

    def test_holds_no_solution_no_hidden_test_and_no_mark_scheme(self, path: Path):
        """No line of any of the three is in the student's file, unless the student's part has it too."""
        text = (ROOT / "release" / path.relative_to(ROOT / "source")).read_text()
        released = {
            line.strip() for cell in nbformat.reads(text, as_version=4).cells for line in cell.source.split("\n")
        }
        secret, inside = set(), False
        for cell in cells(path):
            for line in cell.source.split("\n"):
                if re.search("BEGIN (SOLUTION|HIDDEN TESTS|MARK SCHEME)", line):
                    inside = True
                elif re.search("END (SOLUTION|HIDDEN TESTS|MARK SCHEME)", line):
                    inside = False
                elif inside and len(line.strip()) > 25:
                    secret.add(line.strip())
        public = visible_lines(path)
        assert secret, "the notebook has something to hide"
        assert not (secret - public) & released

    def test_markers_are_gone(self, path: Path):
        """Nothing in the release tells where something was cut."""
        text = (ROOT / "release" / path.relative_to(ROOT / "source")).read_text()
        assert "BEGIN HIDDEN TESTS" not in text
        assert "BEGIN SOLUTION" not in text


def visible_lines(path: Path) -> set[str]:
    """Return the lines of the instructor's notebook that stand outside every region to be cut."""
    found, inside = set(), False
    for cell in cells(path):
        for line in cell.source.split("\n"):
            if re.search("BEGIN (SOLUTION|HIDDEN TESTS|MARK SCHEME)", line):
                inside = True
            elif re.search("END (SOLUTION|HIDDEN TESTS|MARK SCHEME)", line):
                inside = False
            elif not inside:
                found.add(line.strip())
    return found
