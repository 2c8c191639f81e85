"""The engine of a Jupyter kernel without its network: an IPython shell whose outputs are kept in a list.

Magics, rich output, plots and tracebacks work as in a notebook. It does not talk to
anybody: `server` puts it behind a socket, and the judge runs its own cells in one.
"""

import contextlib
import io
import sys
import types
from typing import Any, cast

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

MAX_STREAM_CHARS = 200_000  # a cell's printed text beyond this is dropped with a note
MAX_RICH_BYTES = 4 * 2**20  # a cell's rich outputs together
MAX_MESSAGE_CHARS = 4_000
CUT_NOTE = "\n[output cut: more than {} characters]\n"


class Outputs:
    """The outputs of the running cell in nbformat's shape, bounded."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self._chars = 0
        self._rich_bytes = 0

    def clear(self) -> None:
        """Begin a new cell."""
        self.__init__()  # type: ignore[misc]

    def stream(self, name: str, text: str) -> None:
        """Add printed text, up to the bound."""
        room = MAX_STREAM_CHARS - self._chars
        self._chars += len(text)
        if room <= 0:
            return
        if len(text) > room:
            text = text[:room] + CUT_NOTE.format(MAX_STREAM_CHARS)
        if self.items and self.items[-1].get("name") == name:
            self.items[-1]["parts"].append(text)
        else:
            self.items.append({"output_type": "stream", "name": name, "parts": [text]})

    def rich(self, kind: str, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Add a display or a result, up to the bound."""
        kept = {str(mime): value for mime, value in data.items() if isinstance(value, str | dict)}
        self._rich_bytes += sum(len(str(value)) for value in kept.values())
        if self._rich_bytes > MAX_RICH_BYTES:
            kept = {"text/plain": f"[output dropped: more than {MAX_RICH_BYTES} bytes in one cell]"}
        self.items.append({"output_type": kind, "data": kept, "metadata": {}})

    def taken(self) -> list[dict[str, Any]]:
        """Return the outputs so far, streams joined."""
        return [
            {"output_type": "stream", "name": item["name"], "text": "".join(item["parts"])} if "parts" in item else item
            for item in self.items
        ]


class _Stream(io.TextIOBase):
    def __init__(self, name: str, outputs: Outputs):
        self.name, self._outputs = name, outputs

    def write(self, text: str) -> int:
        self._outputs.stream(self.name, str(text))
        return len(text)

    def writable(self) -> bool:
        return True


class _DisplayHook(DisplayHook):
    def start_displayhook(self) -> None:
        self._data: tuple[dict[str, Any], dict[str, Any]] | None = None

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        self._data = (format_dict, md_dict or {})

    def finish_displayhook(self) -> None:
        if self._data is not None:
            cast(Shell, self.shell).outputs.rich("execute_result", *self._data)


class _DisplayPublisher(DisplayPublisher):
    def publish(self, data: Any, metadata: Any = None, source: Any = None, **_: Any) -> None:
        cast(Shell, self.shell).outputs.rich("display_data", data, metadata or {})


class Shell(InteractiveShell):
    """The engine of a Jupyter kernel, with its outputs kept in a list."""

    displayhook_class = _DisplayHook
    display_pub_class = _DisplayPublisher

    def __init__(self, **settings: Any):
        self.outputs = Outputs()
        super().__init__(**settings)

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        self.outputs.items.append(
            {
                "output_type": "error",
                "ename": str(getattr(etype, "__name__", etype))[:200],
                "evalue": text_of(evalue),
                "traceback": [line[:MAX_MESSAGE_CHARS] for line in stb[:400]],
            }
        )

    def ask_exit(self) -> None:
        """Answer `exit()` in a cell: there is no kernel to end, and ending the process would lose the rest."""
        self.outputs.stream("stderr", "exit() does nothing here\n")

    def run(self, source: str) -> tuple[list[dict[str, Any]], BaseException | None]:
        """Run one cell; return its outputs and the exception that ended it, if any."""
        self.outputs.clear()
        streams = _Stream("stdout", self.outputs), _Stream("stderr", self.outputs)
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            result = self.run_cell(source, store_history=True)
        return self.outputs.taken(), result.error_before_exec or result.error_in_exec


def make_shell() -> Shell:
    """Return a fresh shell whose names live in a `__main__` of their own."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    module = types.ModuleType("__main__")
    shell = Shell(config=config, user_module=module)
    for kind in (Shell, InteractiveShell):  # get_ipython() answers with this shell from now on
        setattr(kind, "_instance", shell)  # noqa: B010 - IPython types it as None
    sys.modules["__main__"] = module
    return shell


def text_of(error: BaseException) -> str:
    """Return the message of an exception whose `__str__` may be hostile."""
    try:
        return str(error)[:MAX_MESSAGE_CHARS]
    except BaseException as second:
        return f"(its message cannot be shown: {type(second).__name__})"
