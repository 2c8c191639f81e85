"""nbgrader's AUTOTEST lines, made into tests as `nbgrader generate_assignment` makes them.

The lines are comments in the instructor's notebook; the tests that stand for them are written at release, from
what the course's own solution answers. nbgrader's own step does it here too; the code runs in a sandbox of the
reference's kind, and not in a Jupyter kernel. It grades nothing.
"""

import functools
import json
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import InstantiateTests
from traitlets.config import Config

from kernelmark.errors import CourseError, SandboxError
from kernelmark.notebook.cells import AUTOTEST, autotest_line
from kernelmark.notebook.conform import CHILDREN
from kernelmark.sandbox.limits import Limits
from kernelmark.sandbox.link import Link

# What `nbgrader quickstart --autotest` copies into a course.
NBGRADERS_OWN = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
KERNEL = "python3"


def with_tests(source: NotebookNode, folder: Path, config: Config, files: dict[str, str]) -> NotebookNode:
    """Return an instructor's notebook with its AUTOTEST lines made into tests; one without any as it is.

    Args:
        folder: where the notebook lies; autotests.yml lies there, or in the course's folder.
        files: what lies beside the notebook, {name: path}.

    Raises:
        CourseError: that cannot be done; the message names the cell.
        SandboxError: nothing can be contained on this machine.
    """
    delimiter = Config(config).InstantiateTests.get("autotest_delimiter", AUTOTEST)
    if not any(cell.cell_type == "code" and autotest_line(cell.source, delimiter) for cell in source.cells):
        return source
    step = _Instantiate(config=config)
    if not step.enabled:
        return source
    at = _templates(folder, step.autotest_filename)
    text, settings = json.dumps(source), json.dumps(config, sort_keys=True, default=str)
    made: NotebookNode = nbformat.from_dict(
        json.loads(_made(text, str(at), at.stat().st_mtime_ns, settings, tuple(sorted(files.items())), _Hidden(config)))
    )
    return made


def _templates(folder: Path, name: str) -> Path:
    """Return the file of templates: the assignment's, the course's, or else nbgrader's own."""
    places = [folder, Path.cwd(), folder.absolute().parent.parent]
    return next((place / name for place in places if (place / name).is_file()), NBGRADERS_OWN / "autotests.yml")


class _Hidden:
    """A configuration, out of the sight of a cache's key: its settings stand there as text."""

    def __init__(self, config: Config):
        self.config = config

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hidden)


@functools.lru_cache(maxsize=8)
def _made(
    source: str, templates: str, _changed_ns: int, _settings: str, files: tuple[tuple[str, str], ...], hidden: _Hidden
) -> str:
    notebook = nbformat.from_dict(json.loads(source))
    kernel = notebook.metadata.setdefault("kernelspec", {"display_name": "Python 3", "language": "python"})
    kernel.setdefault("name", KERNEL)
    step = _Instantiate(config=hidden.config)
    resources = ResourcesDict(metadata={"path": str(Path(templates).parent)}, kernel_name=kernel["name"])
    step.autotest_filename = Path(templates).name
    link = Link(_limits(notebook, hidden.config), dict(files), "the course's solution", watch=False, trusted=True)
    try:
        step.link = link
        notebook, _ = step.made(notebook, resources)
    finally:
        link.close()
    return json.dumps(notebook)


def _limits(notebook: NotebookNode, config: Config) -> Limits:
    """Return the limits of a reference, with what the course and the notebook ask for."""
    said = notebook.metadata.get("kernelmark", {})
    uncontained = bool(Config(config).Kernelmark.get("run_submissions_uncontained", False))
    return Limits(contained=not uncontained, children=isinstance(said, dict) and said.get(CHILDREN) is True)


class _Instantiate(InstantiateTests):  # type: ignore[misc]
    """nbgrader's step, its code run in a sandbox."""

    link: Link

    def made(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Return the notebook with tests in the place of the lines.

        Raises:
            CourseError: what stands there cannot be made into tests.
        """
        name = resources["kernel_name"]
        try:
            self._load_test_template_file(resources)
            self.sanitizer = self.sanitizers[name]
        except Exception as error:  # whatever a file that is no template leads nbgrader to
            raise CourseError(
                f"AUTOTEST lines need an autotests.yml for the kernel {name!r}: {type(error).__name__}: {error}"
            ) from None
        self.global_tests_loaded = True
        for index, cell in enumerate(notebook.cells):
            try:
                notebook.cells[index], resources = self.preprocess_cell(cell, resources, index)
            except SandboxError:
                raise
            except Exception as error:  # whatever templates, configuration and the solution lead to
                which = cell.metadata.get("nbgrader", {}).get("grade_id") or f"that begins {cell.source[:60]!r}"
                said = f"{type(error).__name__}: {error}" if str(error) else "it holds AUTOTEST and is no test cell"
                raise CourseError(
                    f"the AUTOTEST lines of this notebook cannot be made into tests, at cell {which}: {said}; "
                    "nbgrader generate_assignment --force says more"
                ) from None
        return notebook, resources

    def _execute_code_snippet(self, code: str) -> Any:
        """Return what the last line of some code comes to, as text; nbgrader's own asks a Jupyter kernel."""
        limits = self.link.limits
        reply, _ = self.link.request({"op": "cell", "source": code}, timeout_s=limits.cell_s)
        shown = None
        for output in reply["ok"]["outputs"]:
            if output["output_type"] == "error":
                raise RuntimeError(f"{output['ename']}: {output['evalue']}")
            if output["output_type"] in ("execute_result", "display_data"):
                shown = self.sanitizer(output["data"]["text/plain"])
        return shown
