"""The engine of a Jupyter kernel without its network: an IPython shell whose outputs are kept in a list.

Magics, rich output, plots and tracebacks work as in a notebook. It does not talk to
anybody: `server` puts it behind a socket, and the judge runs its own cells in one.
"""

import atexit
import contextlib
import errno
import io
import json
import linecache
import sys
import tempfile
import types
from typing import Any, cast

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import LSString, SList
from traitlets.config import Config

MAX_STREAM_CHARS = 200_000  # a cell's printed text beyond this is dropped with a note
MAX_RICH_BYTES = 4 * 2**20  # a cell's rich outputs together
MAX_OUTPUTS = 2_000  # outputs of one cell, of whatever kind
MAX_MESSAGE_CHARS = 4_000
MAX_TRACEBACK_CHARS = 80_000  # of one error, its newest frames; and of all errors that one cell shows
# What the operating system says when a limit of the sandbox is met, and the setting that it comes from.
LIMIT_OF_ERRNO = {
    errno.EMFILE: "open_file_limit",
    errno.EFBIG: "file_limit_bytes",
    errno.ENOSPC: "scratch_limit_bytes",
    errno.EAGAIN: "process_limit",
}
# What a shell says of a command that is not there.
NOT_FOUND = 127
MAX_SHOWN_COMMAND_CHARS = 80
CUT_NOTE = "\n[output cut: more than {} characters (cell_output_limit_chars)]\n"
DROPPED_NOTE = "[output dropped: more than {} bytes in one cell (cell_display_limit_bytes)]"
TOO_MANY_NOTE = f"[more outputs dropped: a cell may have {MAX_OUTPUTS}]\n"


class Outputs:
    """The outputs of the running cell in nbformat's shape, bounded."""

    def __init__(self) -> None:
        self.clear()

    def clear(self, max_chars: int = MAX_STREAM_CHARS, max_rich_bytes: int = MAX_RICH_BYTES) -> None:
        """Begin a new cell."""
        self.items: list[dict[str, Any]] = []
        self._max_chars, self._max_rich_bytes = max_chars, max_rich_bytes
        self._chars = self._rich_bytes = self._error_chars = 0

    def stream(self, name: str, text: str) -> None:
        """Add printed text, up to the bound."""
        room = self._max_chars - self._chars
        self._chars += len(text)
        if room <= 0 or not text:
            return
        if len(text) > room:
            text = text[:room] + CUT_NOTE.format(self._max_chars)
        if self.items and self.items[-1].get("name") == name:
            self.items[-1]["parts"].append(text)
        else:
            self.add({"output_type": "stream", "name": name, "parts": [text]})

    def rich(self, kind: str, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Add a display or a result, up to the bound."""
        kept = {str(mime): value for mime, value in data.items() if isinstance(value, str | dict)}
        # As it will be sent: what is no ASCII takes six bytes a character.
        self._rich_bytes += sum(len(json.dumps(value, default=str)) for value in kept.values())
        if self._rich_bytes > self._max_rich_bytes:
            kept = {"text/plain": DROPPED_NOTE.format(self._max_rich_bytes)}
        counted = {"execution_count": None} if kind == "execute_result" else {}
        self.add({"output_type": kind, "data": kept, "metadata": {}, **counted})

    def error(self, name: str, message: str, traceback: list[str]) -> None:
        """Add an exception, up to the bound: the oldest frames go first."""
        kept: list[str] = []
        for line in reversed(traceback):
            self._error_chars += len(line)
            if self._error_chars > MAX_TRACEBACK_CHARS:
                kept.append(f"[older frames dropped: more than {MAX_TRACEBACK_CHARS} characters]")
                break
            kept.append(line)
        self.add({"output_type": "error", "ename": name, "evalue": message, "traceback": kept[::-1]})

    def add(self, item: dict[str, Any]) -> None:
        """Add an output, up to the bound on their number."""
        if len(self.items) < MAX_OUTPUTS - 1:
            self.items.append(item)
        elif len(self.items) < MAX_OUTPUTS:
            self.items.append({"output_type": "stream", "name": "stderr", "parts": [TOO_MANY_NOTE]})

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

    def __init__(self, *, runs_commands: bool = False, **settings: Any):
        self.outputs = Outputs()
        self.runs_commands = runs_commands
        self.value: Any = None  # what the last cell ended in, where that was shown
        super().__init__(**settings)

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        name = str(getattr(etype, "__name__", etype))[:200]
        met = limit_met(evalue)
        lines = [*stb, f"This met a limit of the grader: {met}."] if met else stb
        self.outputs.error(name, text_of(evalue), [line[:MAX_MESSAGE_CHARS] for line in lines])

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: `%matplotlib inline` asks for no window, and there is nobody to open one for."""

    def ask_exit(self) -> None:
        """Answer `exit()` in a cell: there is no kernel to end, and ending the process would lose the rest."""
        self.outputs.stream("stderr", "exit() does nothing here\n")

    def system(self, cmd: str) -> None:
        """Answer `!command`, and what is built on it as `%pip` is: at a desk it never raises, so it does not here."""
        if self.runs_commands:
            super().system(cmd)
            return
        self._not_run(f"!{cmd}")
        self.user_ns["_exit_code"] = NOT_FOUND

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """Answer `name = !command` with no output."""
        if self.runs_commands:
            return super().getoutput(cmd, split, depth + 1)
        self._not_run(f"!{cmd}")
        return SList([]) if split else LSString("")

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        """Run a cell magic, but none that starts a program, such as `%%bash`."""
        scripts = self.magics_manager.registry["ScriptMagics"].script_magics
        if self.runs_commands or magic_name not in (*scripts, "script", "!", "sx", "system"):
            return super().run_cell_magic(magic_name, line, cell)
        self._not_run(f"%%{magic_name}")
        return None

    def _not_run(self, what: str) -> None:
        self.outputs.stream("stderr", f"{what[:MAX_SHOWN_COMMAND_CHARS]}: not run where this is graded\n")

    def _tee(self, channel: Any) -> Any:
        """Keep no second copy of what is printed: IPython would keep all of it, for a history that nobody reads."""
        return contextlib.nullcontext()

    def run(
        self, source: str, max_chars: int = MAX_STREAM_CHARS, max_rich_bytes: int = MAX_RICH_BYTES
    ) -> tuple[list[dict[str, Any]], BaseException | None]:
        """Run one cell; return its outputs and the exception that ended it, if any."""
        self.outputs.clear(max_chars, max_rich_bytes)
        streams = _Stream("stdout", self.outputs), _Stream("stderr", self.outputs)
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            result = self.run_cell(source, store_history=True)
        error, self.value = result.error_before_exec or result.error_in_exec, result.result
        if error is not None and limit_met(error) and self.outputs.items[-1]["output_type"] != "error":
            # IPython could not show it: to format a traceback it opens files itself.
            self.outputs.error(type(error).__name__, text_of(error), [text_of(error)])
        return self.outputs.taken(), error


def rehearse() -> None:
    """Make a shell and run a cell in it, once before forks that make their own: they need not load and compile so much.

    It leaves nothing that changes what a later shell does, no folder, and no path but that of the current one.
    """
    path, main = list(sys.path), sys.modules["__main__"]
    with tempfile.TemporaryDirectory(prefix="kernelmark-") as folder:
        shell = make_shell(folder)
        shell.run("import numpy\ndef f(): return [numpy]")
    atexit.unregister(shell.atexit_operations)
    _set_instance(None)
    sys.path[:], sys.modules["__main__"] = path, main
    linecache.clearcache()
    tempfile.tempdir = None  # looked for again where it is needed, which may be inside of a sandbox


def make_shell(ipython_dir: str = "", *, runs_commands: bool = False) -> Shell:
    """Return a fresh shell whose names live in a `__main__` of their own.

    Args:
        runs_commands: let cells start programs of the system, as in `!ls`.
        ipython_dir: where IPython keeps its profile; "" for the place that the environment names.
    """
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    module = types.ModuleType("__main__")
    place = {"ipython_dir": ipython_dir} if ipython_dir else {}
    shell = Shell(config=config, user_module=module, runs_commands=runs_commands, **place)
    _set_instance(shell)
    sys.modules["__main__"] = module
    return shell


def _set_instance(shell: Shell | None) -> None:
    """Let get_ipython() answer with this shell from now on."""
    for kind in (Shell, InteractiveShell):
        setattr(kind, "_instance", shell)  # noqa: B010 - IPython types it as None


def text_of(error: BaseException) -> str:
    """Return the message of an exception whose `__str__` may be hostile, with the limit that it met, if any."""
    try:
        text = str(error)[:MAX_MESSAGE_CHARS]
    except BaseException as second:  # its `__str__` is submitted code and may raise anything, or exit
        return f"(its message cannot be shown: {type(second).__name__})"
    met = limit_met(error)
    return f"{text} (a limit of the grader: {met})" if met else text


def limit_met(error: BaseException) -> str:
    """Return the setting whose limit made the operating system refuse something, or ""."""
    if type(error) is MemoryError:
        return "memory_limit_bytes"
    if type(error) is RuntimeError and error.args == ("can't start new thread",):
        return "process_limit"
    return LIMIT_OF_ERRNO.get(error.errno or 0, "") if isinstance(error, OSError) else ""
