"""Files of solution cells: Python in which a line `# %% GRADE_ID` begins the text of each cell.

Wrong work for `audit` and slow work for `calibrate` are written so. It reads them, and runs and judges nothing.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from kernelmark.errors import CourseError
from kernelmark.notebook.cells import defined_names
from kernelmark.notebook.conform import Course

_CELL = re.compile(r"^# %% (?P<id>\S.*?)[^\S\n]*$", re.MULTILINE)


@dataclass(frozen=True)
class Written:
    """What a file of cells says.

    Attributes:
        path: where it lies.
        head: what stands before the first cell; a docstring, most often.
        cells: the text of each cell by grade id, in the order of the file.
    """

    path: Path
    head: str
    cells: dict[str, str]

    @property
    def names(self) -> set[str]:
        """The names that its cells define."""
        return defined_names(list(self.cells.values()))

    def answers(self, course: Course) -> bool:
        """Say whether one of its cells is a cell of this notebook."""
        return not course.by_id.keys().isdisjoint(self.cells)

    def require_solution_cells(self, course: Course, name: str) -> None:
        """Accept a file whose cells all are solution cells of a notebook.

        Args:
            name: what the message calls the notebook.

        Raises:
            CourseError: one of them is none; the message lists those that are.
        """
        solutions = [cell.grade_id for cell in course.cells if cell.code and cell.solves]
        if unknown := sorted(set(self.cells) - set(solutions)):
            raise CourseError(
                f"{self.path}: expected solution cells, each begun by `# %% GRADE_ID`; got {', '.join(unknown)}; "
                f"{name} has {', '.join(solutions)}"
            )


def read(path: Path) -> Written:
    """Read a file of cells.

    Raises:
        CourseError: it cannot be read, holds no cell, or two texts for one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CourseError(f"{path} cannot be read: {error}") from None
    head, *parts = _CELL.split(text)
    ids = parts[0::2]
    if not ids:
        raise CourseError(f"{path}: expected a line `# %% GRADE_ID` before the text of each cell, found none")
    if doubled := sorted({name for name in ids if ids.count(name) > 1}):
        raise CourseError(f"{path}: expected one text for each cell, found several for {', '.join(doubled)}")
    return Written(path, head, {name: source.strip("\n") for name, source in zip(ids, parts[1::2], strict=True)})
