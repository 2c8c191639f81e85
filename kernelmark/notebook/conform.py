"""Which cells are graded, in which order, with whose text: instructor's notebook plus submission.

Tests, set-up, points and order come from the instructor's notebook; only the text of
solution cells, written answers and added cells comes from the submission. It runs
nothing and grades nothing. A submission that is no notebook is read as an empty one
with a note, so the instructor's tests run all the same.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import ValidationError
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    OverwriteCells,
)
from traitlets.config import Config

from kernelmark.errors import CourseError
from kernelmark.notebook.background import background, carried, solved_imports
from kernelmark.notebook.cells import (
    Cell,
    Marks,
    Plan,
    Role,
    autotest_line,
    claim_of,
    defined_classes,
    defined_names,
    hidden_lines,
    made_classes,
)
from kernelmark.notebook.markers import Markers, check
from kernelmark.notebook.pictures import Album, Attachments
from kernelmark.notebook.places import places, stands
from kernelmark.notebook.sharing import shares
from kernelmark.text import visible

# Larger than any notebook a person writes; what is larger is not read at all.
MAX_NOTEBOOK_BYTES = 50 * 2**20
MAX_CELLS = 2_000
MAX_SOURCE_CHARS = 1_000_000
# Of all cells together; escaped and written again, it still fits into MAX_NOTEBOOK_BYTES.
MAX_TEXT_CHARS = 6_000_000
# Strings, brackets and commas: 50 MiB of empty lists would take 1.4 GB of the grader's memory.
MAX_PARTS = 4_000_000
_PART = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{,]', re.DOTALL)
# What git and others leave around two versions of a line, and how a page begins that came in the place of a file.
CONFLICT = "it holds the marks of a conflict that git could not merge"
_CONFLICT = re.compile(r"^(?:<{7}|>{7})(?!\S)", re.MULTILINE)
_PAGE = re.compile(r"\W*<(?:!doctype\s+html|html|head|body|\?xml|!--)", re.IGNORECASE)
CHILDREN = "allow_child_processes"
# The tag of an instructor's cell that shows something and that nothing else needs: the reference leaves it out.
DEMONSTRATION = "demonstration"
MAX_NAMED = 10
# How the cell at the head begins that holds our notes; it is nobody's answer.
NOTE = "**Note from the grader**"
MISSING_NOTE = "# This cell was missing from the submission; it stands here as it was released.\n"


@dataclass
class _Placed:
    key: tuple[int, int, int]
    node: NotebookNode
    cell: Cell


@dataclass
class Course:
    """An instructor's notebook, as written and as released.

    Raises:
        CourseError: it cannot be graded; the message names the cell.
    """

    source: NotebookNode
    config: Config = field(default_factory=Config)

    def __post_init__(self) -> None:
        _require_python(self.source)
        self.markers = Markers.of(self.config)
        check(self.source, self.markers)
        self.cells = [_instructor_cell(node, self.markers.hidden) for node in self.source.cells]
        self.by_id = {cell.grade_id: index for index, cell in enumerate(self.cells) if cell.grade_id}
        ids = [cell.grade_id for cell in self.cells if cell.grade_id]
        doubled = sorted({name for name in ids if ids.count(name) > 1})
        if doubled:
            raise CourseError(f"grade ids must be unique, these are not: {', '.join(doubled)}")
        self._carried = carried(self.cells, self.markers.hidden)
        self.solution = _for_the_reference(self.source, self.cells, self._carried)
        try:
            self.released = _release(self.source, self.config)
        except (RuntimeError, ValueError, ValidationError) as error:
            raise CourseError(f"nbgrader cannot release this notebook: {str(error)[:300]}") from None
        solved = [c for c in self.cells if c.code and c.role in ("student", "answer") and c.solves]
        defined = {cell.grade_id: defined_names([cell.source]) for cell in solved}
        self.names = {
            name: [grade_id for grade_id, names in defined.items() if name in names]
            for name in sorted(set().union(*defined.values()))
        }
        self.classes = tuple(sorted(defined_classes([cell.source for cell in solved])))
        self.places = places(self.cells, self.solution)
        self.background = background(self.cells, self.solution, self.names)
        own = [c.source for c in self.solution if c.code and not c.solves]
        self._own_classes = tuple(sorted(made_classes(own) - set(self.names)))
        self._imports = solved_imports(self.cells, [cell.source for cell in self.released.cells])
        shared = shares(self.cells, self.solution, self.names)
        self._shares: dict[str, dict[str, Any]] = json.loads(json.dumps({k: asdict(v) for k, v in shared.items()}))
        self.allows_children = _allows_children(self.source, self.cells)

        self._texts = {"", *(_words(cell.source) for cell in self.released.cells)}
        # One that was missing before: the notebook is conformed twice.
        said = OverwriteCells(config=self.config).missing_cell_notification
        self._notes = [_missing_note(cell.grade_id, said) for cell in self.cells]
        self._texts |= {_words(note + cell.source) for note, cell in zip(self._notes, self.released.cells, strict=True)}

    def plan(self, submission: NotebookNode, notes: Sequence[str] = (), doubt: str = "") -> tuple[NotebookNode, Plan]:
        """Return the notebook to be graded, without outputs, and the plan for grading it.

        Every cell of the instructor's that carries a grade id is in it exactly once.
        Tests stand where the submission has them, but never before the solution cells
        that precede them in the instructor's notebook, nor out of the instructor's order.
        One that the submission lacks stands as late as the next part allows, so that cells
        whose marks another tool has removed are tested all the same.
        """
        placed = self._students_cells(submission)
        placed += self._instructors_cells(submission)
        placed.sort(key=lambda item: item.key)
        notebook = nbformat.v4.new_notebook(metadata=dict(self.source.metadata))
        notebook.cells = [item.node for item in placed]
        self._look_elsewhere(placed)
        if notes:
            text = "\n\n".join([NOTE, *notes])
            notebook.cells.insert(0, _new_cell("markdown", text))
            placed.insert(0, _Placed((-1, 0, 0), notebook.cells[0], Cell("text", text, code=False)))
        _renew_cell_ids(notebook)
        cells = tuple(item.cell for item in placed)
        return notebook, Plan(
            cells,
            self.names,
            self.solution,
            tuple(notes),
            self.classes,
            doubt,
            self.places,
            self.background,
            {grade_id: cell.source for grade_id, cell in self._carried.items()},
            stands(self.cells, self.solution),
            self._shares,
            self._own_classes,
            self._imports,
        )

    def _look_elsewhere(self, placed: Sequence[_Placed]) -> None:
        """Mark the answers that are as released where the student's text stands in cells that the release lacks."""
        free = [item.cell for item in placed if not item.cell.grade_id and not item.cell.source.startswith(NOTE)]
        new = [cell for cell in free if _words(cell.source) not in self._texts]
        for item in placed:
            own = item.cell
            if own.role == "answer" and own.untouched and any(own.code or not cell.code for cell in new):
                item.cell = replace(own, untouched=False, elsewhere=True)

    def _students_cells(self, submission: NotebookNode) -> list[_Placed]:
        placed: list[_Placed] = []
        firsts: dict[str, _Placed] = {}
        texts: dict[str, list[str]] = {}
        for position, node in enumerate(submission.cells):
            grade_id = _grade_id(node)
            index = self.by_id.get(grade_id)
            locked = "" if index is None else self.cells[index].role
            if locked in ("setup", "test") or (locked == "text" and _words(node.source) in self._texts):
                continue
            if index is None or locked == "text":
                # What a student wrote over the course's own prose is not lost.
                role: Role = "student" if node.cell_type == "code" else "text"
                plain = _new_cell(node.cell_type, node.source, node.get("attachments"))
                placed.append(_Placed((position, 1, 0), plain, Cell(role, node.source, code=role == "student")))
            elif grade_id in firsts and self.cells[index].role == "answer":
                texts[grade_id].append(node.source)
                pictures = node.get("attachments", {}) | firsts[grade_id].node.get("attachments", {})
                _attach(firsts[grade_id].node, pictures)
            elif grade_id in firsts:
                # The second half of a split cell runs where it stands, without the id.
                code = self.cells[index].code
                plain = _new_cell("code" if code else "markdown", node.source, node.get("attachments"))
                placed.append(_Placed((position, 1, 0), plain, Cell("student", node.source, code=code)))
            else:
                own = self._new_graded(index, node.source, node.get("attachments"))
                firsts[grade_id] = _Placed((position, 1, 0), own, self._own_cell(index, own))
                texts[grade_id] = [node.source]
                placed.append(firsts[grade_id])
        for grade_id, parts in texts.items():
            if len(parts) > 1:
                first = firsts[grade_id]
                first.node.source = "\n\n".join(parts)[:MAX_SOURCE_CHARS]
                first.cell = self._own_cell(self.by_id[grade_id], first.node)
        return placed

    def _instructors_cells(self, submission: NotebookNode) -> list[_Placed]:
        """Return the cells whose text is the instructor's, and those the submission lacks, each with its place."""
        markers: dict[str, int] = {}
        last: dict[str, int] = {}
        for position, node in enumerate(submission.cells):
            markers.setdefault(_grade_id(node), position)
            last[_grade_id(node)] = position
        added: list[_Placed] = []
        floor = -1  # what came so far in the instructor's order stands no later in the submission
        latest = (-1, 2, -1)  # where the last locked cell was placed
        for index, cell in enumerate(self.cells):
            if not cell.grade_id:
                continue
            if cell.role not in ("setup", "test", "text"):
                if cell.grade_id in last:
                    floor = max(floor, last[cell.grade_id])
                    continue
                # A deleted cell comes back as it was released; an answer keeps its exact text, or
                # nbgrader would take the note for a response.
                note = self._notes[index] if cell.code and cell.role == "student" else ""
                node = self._new_graded(index, note + self.released.cells[index].source)
                added.append(_Placed((floor, 2, index), node, self._own_cell(index, node)))
                continue
            at = markers.get(cell.grade_id, -1)
            key = (floor, 2, index)
            if at > floor:
                key = (at, 1, 0)
            elif at < 0 and cell.role == "test":
                later = [markers.get(c.grade_id, -1) for c in self.cells[index + 1 :] if c.grade_id]
                key = (min((p for p in later if p > floor), default=len(submission.cells)), 0, index)
            if key <= latest:
                key = (latest[0], 2 if latest[1] else 0, index)
            floor, latest = max(floor, at), key
            pictures = Album().take(self.source.cells[index].get("attachments"))
            added.append(_Placed(key, self._new_graded(index, self._visible_text(index), pictures), cell))
        return added

    def _visible_text(self, index: int) -> str:
        return str(self.source.cells[index].source)

    def _new_graded(self, index: int, source: str, pictures: Attachments | None = None) -> NotebookNode:
        """Return a cell of the instructor's type and metadata with the given text and pictures."""
        node = _new_cell(self.source.cells[index].cell_type, source, pictures)
        node.metadata["nbgrader"] = NotebookNode(self.released.cells[index].metadata["nbgrader"])
        return node

    def _own_cell(self, index: int, node: NotebookNode) -> Cell:
        cell = self.cells[index]
        untouched = node.source.strip() == self.released.cells[index].source.strip() and not node.get("attachments")
        return Cell(cell.role, node.source, cell.grade_id, cell.points, code=cell.code, untouched=untouched)


def read_submission(raw: bytes) -> tuple[NotebookNode, list[str]]:
    """Return a submitted file as a notebook of plain cells, and notes on what was wrong with it."""
    empty = nbformat.v4.new_notebook()
    if len(raw) > MAX_NOTEBOOK_BYTES:
        return empty, [f"The submitted file has {len(raw)} bytes; at most {MAX_NOTEBOOK_BYTES} are read."]
    text, notes = _decoded(raw)
    if _has_too_many_parts(text):
        return empty, [f"The submitted file is not a notebook: it holds more than {MAX_PARTS} values."]
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        return empty, [f"The submitted file is not a notebook: {_what_is_wrong(text, error)}."]
    if isinstance(content, dict) and not isinstance(content.get("cells"), list):
        sheets = [sheet for sheet in _list(content.get("worksheets")) if isinstance(sheet, dict)]
        content["cells"] = [cell for sheet in sheets for cell in _list(sheet.get("cells"))] if sheets else None
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        return empty, ["The submitted file is not a notebook: it has no list of cells."]
    if len(cells) > MAX_CELLS:
        notes.append(f"Only the first {MAX_CELLS} of {len(cells)} cells were read.")
    room, album = MAX_TEXT_CHARS, Album()
    for cell in cells[:MAX_CELLS]:
        if isinstance(cell, dict):
            empty.cells.append(_tolerant_cell(cell, room, album))
            room -= len(empty.cells[-1].source)
    if album.left_out:
        more = f" and {len(album.left_out) - MAX_NAMED} more" if len(album.left_out) > MAX_NAMED else ""
        named = visible(", ".join(album.left_out[:MAX_NAMED]), lines=False)
        notes.append(f"Not kept, of the pictures in cells: {named}{more}.")
    if room <= 0:
        notes.append(f"Only the first {MAX_TEXT_CHARS} characters of the cells were read.")
    return empty, notes


def _decoded(raw: bytes) -> tuple[str, list[str]]:
    """Return a file's text; a byte that is none costs itself, not the notebook."""
    try:
        return raw.decode(json.detect_encoding(raw), "surrogatepass"), []
    except UnicodeDecodeError:
        note = "The submitted file is not UTF-8: some characters could not be read."
        return raw.decode("utf-8-sig", "replace"), [note]


def _what_is_wrong(text: str, error: Exception) -> str:
    """Return what a file that is no JSON is, or where it is damaged."""
    if not text.strip("\ufeff\0 \t\r\n"):
        return "it is empty"
    if conflict := _CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        return f"{CONFLICT} ({conflict[0]} in line {line})"
    if _PAGE.match(text):
        return "it is a web page, as a site sends that asks for a login first"
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return f"its JSON is damaged or cut off: {str(error)[:200]}"
    return str(error)[:200]


def _has_too_many_parts(text: str) -> bool:
    if sum(text.count(sign) for sign in "[{,") <= MAX_PARTS:
        return False  # as in every notebook that a person wrote; the long way leaves out what strings hold
    return any(count > MAX_PARTS for count, _ in enumerate(_PART.finditer(text)))


def _require_python(source: NotebookNode) -> None:
    """Refuse a notebook for another kernel than Python's.

    Raises:
        CourseError: it is in another language, which is named.
    """
    spec, info = source.metadata.get("kernelspec", {}), source.metadata.get("language_info", {})
    language = str(spec.get("language") or info.get("name") or "python")
    if language.lower() not in ("python", "ipython", "python3"):
        raise CourseError(
            f"this notebook is in {language[:40]} (kernel {str(spec.get('name', ''))[:40]!r}), and only Python "
            "is graded here; take nbgrader's own steps, in a course whose nbgrader_config.py lacks kernelmark.use(c)"
        )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _instructor_cell(node: NotebookNode, hiding: Marks) -> Cell:
    meta: Mapping[str, Any] = node.metadata.get("nbgrader", {})
    code = node.cell_type == "code"
    grade, solution, locked = (bool(meta.get(key)) for key in ("grade", "solution", "locked"))
    points = float(meta.get("points") or 0.0)
    grade_id = str(meta.get("grade_id", ""))
    if meta.get("task") or (grade and solution):
        return Cell("answer", node.source, grade_id, points, code=code, solves=solution)
    if grade:
        if not code:
            raise CourseError(f"{grade_id}: a graded cell that is no answer must be code")
        if line := autotest_line(node.source):
            raise CourseError(
                f"{grade_id}: {line[:60]!r} is a comment until nbgrader makes tests of it, and everybody would pass; "
                "put in its place what nbgrader generate_assignment wrote into release/"
            )
        claim, hidden = claim_of(node.source), hidden_lines(node.source, hiding)
        return Cell("test", node.source, grade_id, points, claim=claim, hidden=hidden)
    if not code:
        return Cell("student" if solution else "text", node.source, grade_id, code=False, solves=solution)
    return Cell("setup" if locked and not solution else "student", node.source, grade_id, solves=solution)


def _for_the_reference(source: NotebookNode, cells: Sequence[Cell], of_tests: Mapping[str, Cell]) -> tuple[Cell, ...]:
    """Return the cells that the reference runs: all but prose, tests and what is tagged as a demonstration.

    Args:
        of_tests: what tests define for later cells.

    Raises:
        CourseError: a cell that is needed is tagged so.
    """
    found = []
    for node, cell in zip(source.cells, cells, strict=True):
        demonstration = DEMONSTRATION in (node.metadata.get("tags") or ())
        if demonstration and cell.grade_id:
            raise CourseError(
                f"{cell.grade_id} has a grade id, so it is needed: it may not be tagged {DEMONSTRATION!r}"
            )
        if cell.role in ("setup", "student", "answer") and not demonstration:
            found.append(cell)
        elif cell.role == "test" and cell.grade_id in of_tests:
            found.append(of_tests[cell.grade_id])
    return tuple(found)


def _allows_children(source: NotebookNode, cells: Sequence[Cell]) -> bool:
    """Return whether the notebook's own metadata let submissions start processes; a submission's say nothing.

    Raises:
        CourseError: the metadata say anything else, or the notebook judges speed too.
    """
    said = source.metadata.get("kernelmark", {})
    known = isinstance(said, dict) and set(said) <= {CHILDREN} and isinstance(said.get(CHILDREN, False), bool)
    if not known:
        raise CourseError(
            f'the metadata of a notebook may say {{"kernelmark": {{"{CHILDREN}": true}}}} and nothing else there; '
            f"these say {str(said)[:200]}"
        )
    timed = [cell.grade_id for cell in cells if cell.role == "test" and re.search(r"\bfaster\(", cell.source)]
    if said.get(CHILDREN) and timed:
        raise CourseError(f"{timed[0]} judges speed, but {CHILDREN} is set: nobody counts the CPU time of a child")
    return bool(said.get(CHILDREN))


def _release(source: NotebookNode, config: Config) -> NotebookNode:
    """Return the instructor's notebook as nbgrader stores it: solutions cleared, checksums computed."""
    notebook: NotebookNode = nbformat.from_dict(json.loads(json.dumps(source)))
    resources = ResourcesDict()
    for step in (LockCells, ClearSolutions, ClearMarkScheme, ClearOutput, CheckCellMetadata, ComputeChecksums):
        notebook, resources = step(config=config)(notebook, resources)
    return notebook


def _missing_note(grade_id: str, said: str) -> str:
    """Return what stands above a cell that was missing: comments, in the course's words where nbgrader has any set.

    Raises:
        CourseError: nbgrader's setting is no such text.
    """
    if said == OverwriteCells.missing_cell_notification.default():
        return MISSING_NOTE
    try:
        return "".join(f"# {line}\n" for line in said.format(cell_id=grade_id).strip().splitlines())
    except (LookupError, ValueError) as error:
        raise CourseError(
            f"c.OverwriteCells.missing_cell_notification = {said!r} may hold {{cell_id}} and no other braces: {error!r}"
        ) from None


def _tolerant_cell(cell: Mapping[str, Any], room: int, album: Album) -> NotebookNode:
    """Return a cell of a submission with nothing but its type, its text (cut to the room left), pictures and id."""
    kind = cell.get("cell_type")
    text = cell.get("source", cell.get("input", ""))
    if isinstance(text, list):
        text = "".join(part for part in text if isinstance(part, str))
    text = text[:room] if isinstance(text, str) else ""
    kind = kind if kind in ("code", "markdown", "raw") else "markdown"
    node = _new_cell(kind, text, album.take(cell.get("attachments")) if kind != "code" else None)
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if isinstance(marks, dict) and isinstance(marks.get("grade_id"), str):
        node.metadata["grade_id"] = marks["grade_id"]
    return node


def _grade_id(node: NotebookNode) -> str:
    return str(node.metadata.get("grade_id", ""))


def _words(text: str) -> str:
    """Return a text as it is told from others: an editor may change blanks and the ends of lines."""
    return " ".join(text.split())


def _new_cell(kind: str, source: str, pictures: Attachments | None = None) -> NotebookNode:
    # Lone surrogates are legal JSON and cannot be written to any file or socket.
    text = source[:MAX_SOURCE_CHARS].encode("utf-8", "replace").decode()
    make = {"code": nbformat.v4.new_code_cell, "raw": nbformat.v4.new_raw_cell}.get(kind, nbformat.v4.new_markdown_cell)
    cell: NotebookNode = make(source=text)  # type: ignore[no-untyped-call]
    _attach(cell, pictures or {})
    return cell


def _attach(cell: NotebookNode, pictures: Attachments) -> None:
    if pictures and cell.cell_type == "markdown":
        cell["attachments"] = nbformat.from_dict(pictures)


def _renew_cell_ids(notebook: NotebookNode) -> None:
    for position, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{position}"
