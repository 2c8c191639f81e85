"""What cheating gains and breaks: the corpus graded here and by stock nbgrader, one line a threat.

    python -m tests.trust [part of a name ...] [--ours]

An attack is a file of `tests/submissions/cheating/`, written like a sample submission
to the course of `trust_course`. Its docstring has `threat`, the number of the line in
`THREATS` that it tries, and `times`, how often it is graded in a row. Two more sections
are Python or text: `# %% surgery` is run by the harness with `notebook` (the JSON, as a
dict), `folder` (where it is handed in) and `raw` (set it to bytes to hand in no notebook
at all, or to a name to hand it in under that one); what it puts in the place of the
notebook itself stays. `# %% file:name` stands beside the notebook.
"""

import argparse
import contextlib
import ctypes
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbgrader.api import Gradebook, MissingEntry

from kernelmark.notebook.conform import Course
from tests import trust_course
from tests.sample_class import ROOT, SUBMISSIONS, Sample

CORPUS = SUBMISSIONS / "cheating"
THREATS = {
    1: "replaces the words of a test",
    2: "patches again from behind",
    3: "announces a result",
    4: "operates on the notebook",
    5: "shadows modules with files",
    6: "speaks the protocol badly",
    7: "reads test source",
    8: "tells a later run",
    9: "waits for hidden tests to leak",
    10: "stops the clock",
    11: "remembers results",
    12: "answers late or lazily",
    13: "answers with others' memory",
    14: "calls the forbidden",
    15: "does less work",
    16: "slows the other side",
    17: "guesses when it is timed",
    18: "exits, hangs, forks, kills",
    19: "floods memory, disk, output",
    20: "hands in links and odd files",
    21: "writes to the course",
    22: "bites the reader of a page",
    23: "is honest and unlucky",
}
CLASSMATE = "zoe"
GRADING_LIMIT_S = 240
FAREWELL_S = 5.0
# Of a larger file only what `stat` says is compared; it may be sparse.
MAX_HASHED_BYTES = 2**26
MAX_NAMED = 6
# What grading itself leaves: IPython's empty profile.
EXPECTED = re.compile(r"home/\.ipython/profile_default/(startup/README$|(?!startup/))|home/\.(local|cache|jupyter)/")
STOCK_CONFIG = 'c = get_config()\nc.CourseDirectory.course_id = "kernels"\n'


@dataclass(frozen=True)
class Attack(Sample):
    """One trick of the corpus."""

    @property
    def name(self) -> str:
        """What it does, as in "patches_allclose"."""
        return self.path.stem

    @property
    def student(self) -> str:
        """The student id it is handed in under; it sorts before its classmate's."""
        return self.path.stem

    @property
    def assignment(self) -> str:
        """The assignment of the corpus."""
        return trust_course.NAME

    @property
    def threat(self) -> int:
        """The line of the list of threats that it tries."""
        return int(self.head["threat"])

    @property
    def times(self) -> int:
        """How often it is graded in a row."""
        return int(self.head.get("times", 1))

    def course(self) -> Course:
        """The notebook that it answers."""
        return _course()

    def honest(self) -> float:
        """The points that its functions earn."""
        return sum(mark for mark in self.expected().values() if not isinstance(mark, str))

    def hand_in(self, folder: Path) -> Path:
        """Write everything that is handed in into a folder, and return the notebook's path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{trust_course.NAME}.ipynb"
        made: dict[str, Any] = {"notebook": json.loads(self.content()), "folder": folder, "raw": None}
        for name, text in self._parts():
            if name == "surgery":
                exec(compile(text, str(self.path), "exec"), made)
            else:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text)
        raw = made["raw"]
        if isinstance(raw, str):
            path = folder / raw
        if not os.path.lexists(path):
            path.write_bytes(raw if isinstance(raw, bytes) else json.dumps(made["notebook"], indent=1).encode())
        return path

    def _parts(self) -> Iterator[tuple[str, str]]:
        """Yield the sections that are no cells: ("surgery", code) and (file name, text)."""
        for match, source in super()._cells():
            if match["id"] == "surgery":
                yield "surgery", source
            elif match["id"].startswith("file:"):
                yield match["id"].removeprefix("file:"), source + "\n"

    def _cells(self) -> Iterator[tuple[re.Match[str], str]]:
        for match, source in super()._cells():
            if match["id"] != "surgery" and not match["id"].startswith("file:"):
                yield match, source


def attacks(words: Sequence[str] = ()) -> list[Attack]:
    """Return the corpus, or what of it has one of the words in its name; by threat, then by name."""
    found = [Attack(path) for path in CORPUS.glob("*.py")]
    chosen = [attack for attack in found if not words or any(word in attack.name for word in words)]
    return sorted(chosen, key=lambda attack: (attack.threat, attack.name))


def _course() -> Course:
    if not _made:
        _made.append(Course(trust_course.notebook()))
    return _made[0]


_made: list[Course] = []


@dataclass
class Outcome:
    """What came of one attack: the points it got, and what it broke, in words."""

    points: float | None
    damage: list[str] = field(default_factory=list)


def write_course(root: Path, config: str) -> None:
    """Write a course folder with the corpus's assignment, and generate it."""
    folder = root / "source" / trust_course.NAME
    folder.mkdir(parents=True)
    nbformat.write(trust_course.notebook(), folder / f"{trust_course.NAME}.ipynb")
    (root / "nbgrader_config.py").write_text(config)
    home = root / "home"
    home.mkdir()
    (home / ".bashrc").write_text("# untouched\n")
    _nbgrader(root, "generate_assignment", trust_course.NAME)


def grade_with_kernelmark(chosen: Sequence[Attack], root: Path) -> dict[str, Outcome]:
    """Grade attacks and an honest classmate as one class by `nbgrader autograde` with Kernelmark's configuration."""
    for attack in chosen:
        attack.hand_in(root / "submitted" / attack.student / trust_course.NAME)
    hand_in_classmate(root)
    before = Surroundings.of(root)
    trouble: list[str] = []
    for turn in range(max(attack.times for attack in chosen)):
        try:
            _nbgrader(root, "autograde", trust_course.NAME, *(["--force"] if turn else []))
        except RuntimeError as error:
            trouble.append(str(error))
    trouble += before.changes(root) + _classmate_trouble(root)
    outcomes = {}
    for attack in chosen:
        outcomes[attack.name] = Outcome(_score(root, attack.student), _learned(root, attack) + trouble)
    return outcomes


def grade_with_stock(attack: Attack, template: Path, root: Path) -> Outcome:
    """Grade one attack and an honest classmate by stock nbgrader, in a sandbox that shows it one throw-away folder."""
    shutil.copytree(template, root, symlinks=True)
    attack.hand_in(root / "submitted" / attack.student / trust_course.NAME)
    hand_in_classmate(root)
    before = Surroundings.of(root)
    trouble = []
    for turn in range(attack.times):
        command = [sys.executable, "-m", "nbgrader", "autograde", trust_course.NAME, *(["--force"] if turn else [])]
        try:
            done = subprocess.run(
                [*_throwaway(root), *command], cwd=root, capture_output=True, text=True, timeout=GRADING_LIMIT_S
            )
            if done.returncode and not (root / "autograded" / CLASSMATE).is_dir():
                trouble.append("the grading of the class stopped")
        except subprocess.TimeoutExpired:
            trouble.append(f"grading did not end within {GRADING_LIMIT_S} s")
    trouble += before.changed_files(Surroundings.of(root)) + _classmate_trouble(root) + _learned(root, attack)
    return Outcome(_score(root, attack.student), list(dict.fromkeys(trouble)))


def hand_in_classmate(root: Path) -> None:
    """Hand in an honest, right notebook of a classmate who sorts last."""
    folder = root / "submitted" / CLASSMATE / trust_course.NAME
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(_course().source, folder / f"{trust_course.NAME}.ipynb")


@dataclass(frozen=True)
class Surroundings:
    """What no submission may change: files, shared memory, processes."""

    files: dict[str, str]
    shared: frozenset[str]
    running: frozenset[str]

    @classmethod
    def of(cls, root: Path) -> "Surroundings":
        """Return what is there now, of a course in `root` and of this machine."""
        kept = [root / name for name in ("source", "release", "submitted", "home", "nbgrader_config.py")]
        files = {}
        for path in (part for top in kept for part in (top, *sorted(top.rglob("*")))):
            name = str(path.relative_to(root))
            if path.is_symlink():
                files[name] = f"-> {os.readlink(path)}"
            elif path.is_file():
                status = path.stat()
                small = status.st_size <= MAX_HASHED_BYTES
                kept = hashlib.sha256(path.read_bytes()).hexdigest() if small else ""
                files[name] = f"{kept} {status.st_size} {status.st_mtime_ns}"
        shared = {str(p) for p in Path("/dev/shm").glob("*")} | {line for p in SYSV for line in _lines(p)}
        return cls(files, frozenset(shared), frozenset(_descendants()))

    def changes(self, root: Path) -> list[str]:
        """Return in words what has changed by now; what is ending has a moment to end."""
        deadline = time.monotonic() + FAREWELL_S
        while set(_descendants()) - self.running and time.monotonic() < deadline:
            time.sleep(0.1)
        later = Surroundings.of(root)
        found = self.changed_files(later)
        found += [f"shared memory was left: {name}" for name in sorted(later.shared - self.shared)]
        left = later.running - self.running
        return found + ([f"processes were left: {sorted(left)}"] if left else [])

    def changed_files(self, later: "Surroundings") -> list[str]:
        """Return in words which files differ; of stock nbgrader, run in a sandbox, nothing else can be left."""
        changed = [name for name in self.files if later.files.get(name) != self.files[name]]
        changed += [name for name in later.files if name not in self.files and not EXPECTED.match(name)]
        found = [f"{name.split('/')[0]} was changed ({name})" for name in sorted(changed)[:MAX_NAMED]]
        return found + ([f"{len(changed) - MAX_NAMED} more files were changed"] if len(changed) > MAX_NAMED else [])


# From linux/prctl.h.
PR_SET_CHILD_SUBREAPER = 36
SYSV = [Path("/proc/sysvipc") / kind for kind in ("shm", "sem", "msg")]


def _lines(path: Path) -> list[str]:
    return [f"{path.name} {line.split()[1]}" for line in path.read_text().splitlines()[1:]] if path.is_file() else []


def _descendants() -> Iterator[str]:
    """Yield the living processes below this one, with what they run."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                yield f"{process.pid} {' '.join(process.cmdline())[:60]}"


def adopt_orphans() -> None:
    """Become the parent of whatever outlives its own parent from now on, so that it is seen."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _throwaway(root: Path) -> list[str]:
    """Return the words that run a command with one writable folder, no network and processes that end with it."""
    return [
        *("bwrap", "--die-with-parent", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--ro-bind", "/", "/"),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind", str(root), str(root), "--chdir", str(root)),
        *("--setenv", "HOME", str(root / "home"), "--setenv", "PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin"),
        *("prlimit", f"--as={8 * 2**30}", "--nproc=600", f"--fsize={256 * 2**20}"),
    ]


def _nbgrader(root: Path, *words: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HOME": str(root / "home")}
    command = [sys.executable, "-m", "nbgrader", *words]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"nbgrader {' '.join(words)} failed: {(done.stdout + done.stderr)[-600:]}")


def _score(root: Path, student: str) -> float | None:
    try:
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
            return float(book.find_submission(trust_course.NAME, student).score)
    except MissingEntry:
        return None
    except Exception as error:  # an attack on stock nbgrader may leave no database at all
        print(f"    the grade book cannot be read: {type(error).__name__}")
        return None


def _classmate_trouble(root: Path) -> list[str]:
    full = sum(cell.points for cell in _course().cells if cell.role == "test")
    got = _score(root, CLASSMATE)
    return [] if got == full else [f"a classmate got {'no mark' if got is None else f'{got:g}'} of {full:g}"]


def _learned(root: Path, attack: Attack) -> list[str]:
    """Say where the student's own outputs show hidden text."""
    path = root / "autograded" / attack.student / trust_course.NAME / f"{trust_course.NAME}.ipynb"
    try:
        cells = json.loads(path.read_text())["cells"]
    except (OSError, ValueError, KeyError):
        return []
    tests = set(trust_course.TESTS)
    own = [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") not in tests]
    shown = json.dumps([c.get("outputs", []) for c in own])
    return ["hidden text was read"] if trust_course.SECRET in shown else []


def main() -> int:
    """Print the assessment; 1 where anything was gained or broken under Kernelmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("words", nargs="*", help="grade only attacks with one of these in their names")
    parser.add_argument("--ours", action="store_true", help="leave stock nbgrader out")
    options = parser.parse_args()
    chosen = attacks(options.words)
    if not chosen:
        print("no such attack")
        return 2
    adopt_orphans()
    with tempfile.TemporaryDirectory() as folder:
        return _assess(chosen, Path(folder), stock=not options.ours)


def _assess(chosen: Sequence[Attack], folder: Path, *, stock: bool) -> int:
    template = folder / "stock"
    if stock:
        template.mkdir()
        write_course(template, STOCK_CONFIG)
    print(f"{len(chosen)} attacks. Gained and lost: points above and below what the functions earn.\n")
    print(f"{'threat':37} {'attacks':>7} | Kernelmark: gained, lost, damage" + (" | stock nbgrader" if stock else ""))
    guilty = 0
    for threat in sorted({attack.threat for attack in chosen}):
        group = [attack for attack in chosen if attack.threat == threat]
        root = folder / f"ours{threat}"
        root.mkdir()
        write_course(root, (ROOT / "nbgrader_config.py").read_text())
        ours = grade_with_kernelmark(group, root)
        line = _line(group, ours)
        guilty += line != CLEAN
        theirs = _stock_outcomes(group, template, folder) if stock else {}
        print(
            f"{threat:2} {THREATS[threat]:34} {len(group):7} | {line:32}"
            + (f" | {_line(group, theirs)}" if theirs else ""),
            flush=True,
        )
        for attack in group:
            _print_details(attack, ours[attack.name], theirs.get(attack.name))
        shutil.rmtree(root)
    print("\nNothing was gained and nothing was broken." if not guilty else f"\n{guilty} threats are not met.")
    return int(guilty > 0)


def _stock_outcomes(group: Sequence[Attack], template: Path, folder: Path) -> dict[str, Outcome]:
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found = pool.map(lambda attack: grade_with_stock(attack, template, folder / f"stock-{attack.name}"), group)
        return {attack.name: outcome for attack, outcome in zip(group, found, strict=True)}


CLEAN = "0, 0, none"


def _line(group: Sequence[Attack], outcomes: dict[str, Outcome]) -> str:
    differences = [(outcomes[a.name].points or 0.0) - a.honest() for a in group]
    damaged = sum(bool(outcomes[a.name].damage) for a in group)
    gained, lost = sum(max(d, 0.0) for d in differences), sum(max(-d, 0.0) for d in differences)
    return f"{gained:g}, {lost:g}, {f'by {damaged}' if damaged else 'none'}"


def _print_details(attack: Attack, ours: Outcome, theirs: Outcome | None) -> None:
    for who, outcome in (("Kernelmark", ours), ("stock", theirs)):
        if outcome is None:
            continue
        got = "no mark" if outcome.points is None else f"{outcome.points:g}"
        if outcome.points != attack.honest() or outcome.damage:
            damage = "".join(f"; {text}" for text in outcome.damage)
            print(f"   {attack.name}, {who}: {got}, honest {attack.honest():g}{damage}")


if __name__ == "__main__":
    sys.exit(main())
