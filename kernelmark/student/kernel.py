"""Cells run in a Jupyter kernel on the student's own machine, to the last one: a kernel that ends is started again.

What ran before runs again, without the cell that ended it, and what was found before is kept. Nothing is
contained, and it does not know which cells are tests.

What the kernel's program writes besides (ZeroMQ's "Assertion failed" as it shuts down, for one) is no word about
the notebook. Its last line is shown where the kernel does not come up.
"""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.notebooknode import NotebookNode

from kernelmark.errors import KernelmarkError

CELL_TIMEOUT_S = 300
# As in grading: `exit()` would end the kernel after its cell, and the next one would seem to have done it.
NO_EXIT = "get_ipython().ask_exit = lambda: print('exit() does nothing here')"

Outputs = dict[int, list[NotebookNode]]


def run_cells(folder: Path, sources: Mapping[int, str], tell: Callable[[int], None] = lambda key: None) -> Outputs:
    """Run cells in their order in a fresh kernel, and return the outputs of each by its key.

    A cell that ends the kernel, or that does not come to an end, has an error that says so.

    Args:
        tell: called with the key of each cell as it begins.

    Raises:
        KernelmarkError: the kernel does not come up.
    """
    found: Outputs = {}
    left = dict(sources)
    with tempfile.TemporaryDirectory() as place, Path(place, "stderr").open("w+b") as words:
        while (guilty := _run(folder, left, found, words, tell)) is not None:
            del left[guilty]
    return found


def _run(
    folder: Path, sources: Mapping[int, str], found: Outputs, words: IO[bytes], tell: Callable[[int], None]
) -> int | None:
    """Run cells in one kernel, add what is not found yet, and return the cell that ended it, or None."""
    cells = [nbformat.v4.new_code_cell(source) for source in (NO_EXIT, *sources.values())]
    notebook = nbformat.v4.new_notebook(cells=cells)
    where = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=CELL_TIMEOUT_S, allow_errors=True, kernel_name="python3", resources=where)
    client.extra_arguments = ["--log-level=ERROR"]
    client.log.setLevel("CRITICAL")  # what it logs of a kernel that ended is said below, in words
    running = None
    try:
        client.reset_execution_trackers()
        with client.setup_kernel(stderr=words):
            for number, (running, cell) in enumerate(zip((None, *sources), cells, strict=True)):
                if running is not None:
                    tell(running)
                client.execute_cell(cell, number)
                if running is not None:
                    found.setdefault(running, cell.outputs)
    except (DeadKernelError, CellTimeoutError) as error:
        if running is None:
            raise _no_kernel(error, words) from None
        late = isinstance(error, CellTimeoutError)
        why = f"it did not end within {CELL_TIMEOUT_S} s" if late else "it ended the Jupyter kernel"
        found[running] = [nbformat.v4.new_output("error", ename="SubmissionLost", evalue=why, traceback=[])]
        return running
    except Exception as error:  # nbclient and jupyter_client have no common base for what keeps a kernel from its start
        raise _no_kernel(error, words) from None
    return None


def _no_kernel(error: Exception, words: IO[bytes]) -> KernelmarkError:
    words.seek(0)
    last = words.read().decode(errors="replace").strip().rpartition("\n")[2]
    said = f"{type(error).__name__}: {str(error)[:300]}" + (f" ({last[:300]})" if last else "")
    return KernelmarkError(f"the Jupyter kernel stopped: {said}")
