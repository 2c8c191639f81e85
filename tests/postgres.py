"""A PostgreSQL server of its own, from Debian's packages, for as long as a test or a benchmark needs it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OWNER = "postgres"


def programs() -> Path | None:
    """Return the folder of the newest installed server's programs, None where there is none."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").is_file()]
    return max(found, key=lambda path: int(path.parent.name), default=None)


@dataclass
class Server:
    """A running server: no network, a socket in its own folder, no password."""

    folder: Path
    programs: Path

    def database(self, name: str) -> str:
        """Make an empty database and return its URL."""
        self._run("createdb", "-h", str(self.folder), "-U", OWNER, name)
        return self.url(name)

    def url(self, name: str) -> str:
        """Return the URL of a database, as nbgrader wants it."""
        return f"postgresql+psycopg://{OWNER}@/{name}?host={self.folder}"

    def query(self, name: str, statement: str) -> str:
        """Return what psql prints for a statement, without heads."""
        return self._run("psql", "-h", str(self.folder), "-U", OWNER, "-Atc", statement, name)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-o", words, "-w", "start")

    def stop(self) -> None:
        """Stop it as a crash would: nobody is told, every connection is dropped."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def make(self) -> None:
        """Write an empty server's files."""
        self._run("initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", OWNER, "--no-sync")

    def _run(self, program: str, *words: str) -> str:
        # A server refuses to run as root.
        drop: Callable[[], None] | None = None
        if os.geteuid() == 0:
            owner = pwd.getpwnam(OWNER)

            def drop() -> None:
                os.setgroups([])
                os.setgid(owner.pw_gid)
                os.setuid(owner.pw_uid)

        # Not into a pipe: the server would hold its other end.
        with tempfile.TemporaryFile("w+") as out:
            command = [str(self.programs / program), *words]
            done = subprocess.run(command, cwd="/", preexec_fn=drop, stdout=out, stderr=subprocess.STDOUT)
            out.seek(0)
            said = out.read()
        if done.returncode:
            raise RuntimeError(f"{program} failed with status {done.returncode}:\n{said}")
        return said


@contextmanager
def server() -> Iterator[Server]:
    """Run a server in a new folder, and remove both.

    Raises:
        FileNotFoundError: none is installed.
    """
    where = programs()
    if where is None:
        raise FileNotFoundError("no PostgreSQL server; apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="kernelmark-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, OWNER)
    running = Server(folder, where)
    try:
        running.make()
        running.start()
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
