"""Which notebooks a name means: an assignment of the course here, a folder, or a path; and the course's settings.

It reads `nbgrader_config.py` where there is one, as every command does, and changes nothing.
"""

from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config.loader import Config, PyFileConfigLoader

from kernelmark.course.settings import Kernelmark, source_directory
from kernelmark.errors import CourseError
from kernelmark.sandbox.limits import Limits

CONFIG = "nbgrader_config.py"


@dataclass(frozen=True)
class Here:
    """The course in a folder, as far as its notebooks are concerned."""

    root: Path
    source: Path
    limits: Limits
    config: Config = field(default_factory=Config)

    @classmethod
    def of(cls, root: Path) -> "Here":
        """Return the course whose configuration lies in a folder; where there is none, nbgrader's defaults."""
        config = Config()
        if (root / CONFIG).is_file():
            config = PyFileConfigLoader(CONFIG, str(root.absolute())).load_config()
        given = Config(config)
        given.CourseDirectory.setdefault("root", str(root.absolute()))
        source = root / source_directory(CourseDirectory(config=given))
        return cls(root, source, Kernelmark(config=given).limits(), config)

    def assignments(self) -> list[str]:
        """Return the names of the assignments: folders of the source directory that hold a notebook."""
        if not self.source.is_dir():
            return []
        return sorted(folder.name for folder in self.source.iterdir() if folder.is_dir() and _notebooks(folder))

    def all(self) -> list[Path]:
        """Return every notebook of the course.

        Raises:
            CourseError: there is none.
        """
        found = [path for name in self.assignments() for path in _notebooks(self.source / name)]
        if not found:
            raise CourseError(f"no notebook in {self.source} or one folder down; run this in the course's folder")
        return found

    def find(self, name: str) -> list[Path]:
        """Return the notebooks of an assignment, of a folder, or the one at a path.

        Raises:
            CourseError: there is none by this name; the message lists what there is.
        """
        if Path(name).is_file():
            if not name.endswith(".ipynb"):
                raise CourseError(f"{name} is no notebook: expected a name that ends in .ipynb")
            return [Path(name)]
        for folder in (self.source / name, Path(name)):
            if name not in ("", ".", "..") and folder.is_dir() and (found := _notebooks(folder)):
                return found
        known = self.assignments()
        there = f"in {self.source} are: {', '.join(known)}" if known else f"{self.source} holds none"
        raise CourseError(f"there is no assignment and no notebook {name!r}; {there}")


def _notebooks(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.ipynb") if path.is_file() and not path.name.startswith("."))
