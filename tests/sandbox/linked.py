"""A live process for tests of the sandbox: its limits, and short words for what is asked of it."""

import textwrap
from pathlib import Path

from kernelmark.sandbox.limits import Limits
from kernelmark.wire.proxy import Proxy

LIMITS = Limits(cell_s=20.0, memory_bytes=300 * 2**20)
# For what never ends by itself.
HASTE_S = 0.5

# Found by whoever looks: the server's own channel, as submitted code can reach it.
FIND_THE_LINE = textwrap.dedent(
    """
    import gc, json, os, struct
    from kernelmark.wire.channel import Channel
    line = next(o for o in gc.get_objects() if isinstance(o, Channel))
    descriptor = line._connection.fileno()
    def forge(header, sizes=(), total=0, in_region=0):
        text = json.dumps([header, list(sizes)]).encode()
        os.write(descriptor, struct.pack('!IQB', len(text), total, in_region) + text)
    """
)


def run(link, source):
    """Run a cell; return what it printed and whether it failed."""
    reply, _ = link.request({"op": "cell", "source": textwrap.dedent(source)})
    return "".join(o.get("text", "") for o in reply["ok"]["outputs"]), reply["ok"]["failed"]


def function(link, name):
    return Proxy(lambda: link, {"n": name}, name)


def is_gone(pid):
    """Say whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def is_stopped(pid):
    """Say whether the main thread of a process is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "T"


def timed(link, name, batch, **kwargs):
    return link.timed({"n": name}, batch, (), kwargs)
