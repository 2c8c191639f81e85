"""The command line: parses arguments and prints; the rooms do the work.

Instructors begin, validate and calibrate assignments with it, staff grade and report, students see where they stand. It
adds what nbgrader has no command for, and a way to grade a class at once beside `nbgrader autograde`.
"""

import argparse
import gc
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kernelmark import __version__
from kernelmark.commands import answers, links, marks, report
from kernelmark.errors import KernelmarkError, needs_grader
from kernelmark.text import visible


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A notebook's words hold more letters than some encodings of a terminal, or of a file that the output goes to.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    commands = parser()
    arguments, further = commands.parse_known_args(argv)
    if further and arguments.run not in (_autograde, _release):
        commands.error(f"unrecognized arguments: {' '.join(further)}")
    arguments.further = further
    # An optional helper of jsonschema that takes a second to import, for a kind of format that notebooks lack.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    try:
        status: int = arguments.run(arguments)
    except (KernelmarkError, OSError) as error:
        print(f"kernelmark: {visible(str(error))}", file=sys.stderr)
        return 1
    return status


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command; the book's page of commands is made from it."""
    made = argparse.ArgumentParser(prog="kernelmark", description="Checks and summaries for a Kernelmark course.")
    made.add_argument("--version", action="version", version=f"kernelmark {__version__}")
    commands = made.add_subparsers(required=True, metavar="command")
    _for_authors(commands)
    _for_auditors(commands)
    _for_graders(commands)
    _for_students(commands)
    return made


def _for_authors(commands: Any) -> None:
    init = commands.add_parser("init", help="begin a course of your own: its settings and a first assignment")
    init.add_argument("folder", nargs="?", default=".", help="made where it is not there (default: here)")
    init.set_defaults(run=_init)

    new = commands.add_parser("new", help="add an assignment to the course here, to be changed into your own")
    new.add_argument("name", help="for example 02_sorting")
    new.set_defaults(run=_new)

    valid = commands.add_parser("validate", help="say what is wrong with an assignment before anybody gets it")
    valid.add_argument("name", nargs="?", default="", help="an assignment, as in 03_matmul, or a notebook's path")
    valid.add_argument("--all", action="store_true", help="every notebook of the course")
    valid.add_argument("--static", action="store_true", help="read only, run nothing")
    valid.add_argument("--json", action="store_true", help="print one JSON object")
    valid.add_argument("--jobs", type=int, default=0, help="graded at once (default: one for each core)")
    valid.set_defaults(run=_validate)

    for name, where in (("generate_assignment", "into release/"), ("release_assignment", "to the exchange")):
        release = commands.add_parser(name, help=f"as `nbgrader {name}`, {where}; --no-validate skips what comes first")
        release.add_argument("--no-validate", action="store_true", help="release it whatever validate says")
        release.set_defaults(run=_release, name=name)

    links.add_to(commands)

    lines = commands.add_parser("calibrate", help="measure whether the lines of an assignment's speed tests leave room")
    lines.add_argument("assignment", help="for example 03_matmul, or the path of an instructor's notebook")
    lines.add_argument(
        "--slow", nargs="+", action="extend", default=[], metavar="FILE",
        help="solutions that should not pass: Python, each solution cell begun by `# %% grade_id`",
    )  # fmt: skip
    lines.add_argument("--test", action="append", default=[], metavar="GRADE_ID", help="one speed test (default: all)")
    lines.add_argument("--rounds", type=int, default=2, help="fresh processes for each, under each load (default: 2)")
    lines.add_argument(
        "--loads", default="idle,busy", help="what else the machine does: idle, busy, twice, bursts, memory"
    )
    lines.add_argument("--json", action="store_true", help="print one JSON object a speed test")
    lines.set_defaults(run=_calibrate)


def _for_auditors(commands: Any) -> None:
    tried = commands.add_parser(
        "audit", help="say which wrong work the tests of an assignment let through; exit 1 where there is any"
    )
    tried.add_argument("assignment", nargs="?", default="", help="for example 03_matmul")
    tried.add_argument("--all", action="store_true", help="every assignment of the course")
    tried.add_argument("--function", default="", help="only changes of this function")
    tried.add_argument("--minutes", type=float, default=0.0, help="stop after so long; the time is spread evenly")
    tried.add_argument("--jobs", type=int, default=0, help="how many at once (default: one for each core)")
    tried.add_argument("--scheduler", default="", help="a Dask scheduler's address, as in tcp://host:8786")
    tried.add_argument("--speed", action="store_true", help="with speed tests, which take much longer")
    tried.add_argument(
        "--wrong", nargs="+", default=[], metavar="FILE", help="plausible wrong solutions: cells of text"
    )
    tried.add_argument("--page", default=None, help="where to write the page (default: reports/audit-ASSIGNMENT.html)")
    tried.add_argument("--json", action="store_true", help="print one JSON object")
    tried.add_argument("--seed", type=int, default=0, help="of what is left to chance (default: 0)")
    tried.set_defaults(run=_audit)


def _for_graders(commands: Any) -> None:
    doctor = commands.add_parser("doctor", help="say whether this machine can grade, and what to do if it cannot")
    doctor.set_defaults(run=_doctor)

    report.add_to(commands)

    update = commands.add_parser(
        "update", help="bring the grade book to a notebook whose cells or points changed; marks given by hand stay"
    )
    update.add_argument("assignment", help="for example 03_matmul")
    update.set_defaults(run=_update)

    grade = commands.add_parser("grade", help="grade one notebook, without a grade book, and print the result as JSON")
    grade.add_argument("source", help="the instructor's notebook")
    grade.add_argument("submitted", help="the submitted notebook")
    grade.set_defaults(run=_grade)

    whole = commands.add_parser("autograde", help="grade a class at once; further options as for `nbgrader autograde`")
    whole.add_argument("assignment", help="for example 03_matmul")
    whole.add_argument("--jobs", type=int, default=0, help="submissions at once (default: one for each core)")
    whole.add_argument("--scheduler", default="", help="a Dask scheduler's address, as in tcp://host:8786")
    whole.add_argument("--json", action="store_true", help="print one JSON object a line")
    whole.set_defaults(run=_autograde)

    answers.add_to(commands)
    marks.add_to(commands)


def _for_students(commands: Any) -> None:
    far = commands.add_parser("status", help="say which assignments are here and how far each is")
    far.add_argument("folder", nargs="?", default=".", help="where to look (default: here)")
    far.set_defaults(run=_status)

    check = commands.add_parser("check", help="run the visible tests of your notebook, and say what to do next")
    check.add_argument("notebook", help="a notebook, an assignment's folder, or how its name begins, as in 03")
    check.add_argument("part", nargs="?", default=None, help="one part, as in C (default: all)")
    check.add_argument(
        "--watch", action="store_true", help="check again whenever the notebook is saved; ctrl-C ends it"
    )
    check.set_defaults(run=_check)

    export = commands.add_parser("export", help="make a Python package of what solved notebooks export")
    export.add_argument("notebooks", nargs="*", help="default: every notebook here, and one folder down, that exports")
    export.add_argument("--to", default="mykernels", help="the package's folder (default: mykernels)")
    export.add_argument("--only", default=None, help="names, separated by commas (default: all that is marked)")
    export.set_defaults(run=_export)


def _doctor(_: argparse.Namespace) -> int:
    with needs_grader("doctor"):
        from kernelmark.course.settings import limit_settings
        from kernelmark.referee import grading, machine  # noqa: F401 - all that grading needs is here, or it is said
        from kernelmark.sandbox import bubblewrap, cgroups, limits
        from kernelmark.stopwatch import clock

    way = bubblewrap.containment()
    who = "another user, in namespaces of its own" if way == "root" else "your user, in namespaces of its own"
    here = machine.describe_machine()
    peak, bandwidth = machine.machine_limits()
    print(f"machine      {here.processor}, {here.cores} cores, Python {here.python}, NumPy {here.numpy}")
    print(f"speed        {peak / 1e9:.0f} GFLOP/s in float32 products, {bandwidth / 1e9:.0f} GB/s copied, one thread")
    print(f"submissions  run in bubblewrap as {who}")
    print(f"             {_reach()}")
    group = cgroups.home()
    bounded = f"bounded by control groups (version {group.version}) in {group.folder}" if group else ""
    print(f"memory       {bounded or 'watched from outside: no control group can be made here'}")
    late = (
        "wait behind other sessions where there is more work than cores; run: sysctl kernel.sched_autogroup_enabled=0"
    )
    print(f"timed calls  {'come first on a busy machine' if clock.comes_first() else late}")
    for name, field in limit_settings().items():
        print(f"limit        {name} = {getattr(limits.Limits, field)}")
    _tell_of_course(Path())
    return 0


def _tell_of_course(root: Path) -> None:
    """Name what lies beside the course's notebooks and is left out where they are graded."""
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config.loader import Config, PyFileConfigLoader

    from kernelmark.course.nbgrader_settings import told
    from kernelmark.course.settings import Kernelmark, limit_settings
    from kernelmark.notebook import intake
    from kernelmark.sandbox import limits

    config = Config()
    if (root / "nbgrader_config.py").is_file():
        config = PyFileConfigLoader("nbgrader_config.py", str(root.absolute())).load_config()
        for line in told(config):
            print(f"setting      {line}")
    settings = Kernelmark(config=config)
    ignore = CourseDirectory(config=config).ignore
    for name, field in limit_settings().items():
        if getattr(settings, name) != getattr(limits.Limits, field):
            print(f"limit        {name} = {getattr(settings, name)} in this course")
    for name in ("course_file_limit", "submitted_file_limit"):
        print(f"limit        {name} = {getattr(settings, name)}")
    source = root / settings.source_directory
    for folder in sorted(source.iterdir()) if source.is_dir() else []:
        left_out = intake.told(intake.own_files(folder, settings.course_file_limit, ignore)[1])
        if left_out:
            print(f"left out     of {visible(str(folder), lines=False)}: {left_out}")


def _reach() -> str:
    """Return in words what keeps a submission from the other processes of its sandbox."""
    from kernelmark.sandbox import landlock

    try:
        scope = Path("/proc/sys/kernel/yama/ptrace_scope").read_text().strip()
    except OSError:
        scope = "absent"
    version = landlock.version()
    if version:
        return f"in a Landlock domain each (version {version}); Yama's ptrace_scope is {scope}"
    advice = "" if scope in ("1", "2", "3") else "; safer: a kernel with Landlock, or sysctl kernel.yama.ptrace_scope=1"
    return f"without Landlock, which this kernel does not offer; Yama's ptrace_scope is {scope}{advice}"


def _autograde(arguments: argparse.Namespace) -> int:
    # Fifteen hundred modules, and nothing to collect among them: a third of the time that they take.
    gc.disable()
    with needs_grader("autograde"):
        from kernelmark.whole_class import cluster

    gc.freeze()
    gc.enable()
    name, further = arguments.assignment, arguments.further
    return cluster.run(name, further, arguments.jobs, arguments.scheduler, as_json=arguments.json)


def _validate(arguments: argparse.Namespace) -> int:
    with needs_grader("validate"):
        from kernelmark.authoring import sources, validate

    if bool(arguments.name) == arguments.all:
        raise KernelmarkError("validate takes the name of an assignment, the path of a notebook, or --all")
    here = sources.Here.of(Path())
    done = []
    for path in here.all() if arguments.all else here.find(arguments.name):
        done.append(validate.validate(path, here, static=arguments.static, jobs=arguments.jobs))
        if not arguments.json:
            print(*done[-1].lines(), sep="\n", flush=True)
    if arguments.json:
        print(json.dumps(validate.as_json(done), indent=1))
    return int(not all(each.sound for each in done))


def _release(arguments: argparse.Namespace) -> int:
    with needs_grader(arguments.name):
        from nbgrader.apps import GenerateAssignmentApp, ReleaseAssignmentApp

    app = GenerateAssignmentApp if arguments.name == "generate_assignment" else ReleaseAssignmentApp
    further = [*arguments.further, *(["--Kernelmark.validate=False"] if arguments.no_validate else [])]
    app.launch_instance(argv=further)
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    with needs_grader("audit"):
        from kernelmark.authoring import audit_page
        from kernelmark.authoring.audit import Wanted
        from kernelmark.authoring.sources import Here

    names = Here.of(Path()).assignments() if arguments.all else [arguments.assignment]
    if not all(names):
        raise KernelmarkError("audit: name an assignment, or say --all")
    if arguments.all and arguments.wrong:
        raise KernelmarkError("audit: --wrong goes with the name of one assignment")
    status = 0
    for name in names:
        wanted = Wanted(
            assignment=name,
            function=arguments.function,
            minutes=arguments.minutes,
            jobs=arguments.jobs,
            scheduler=arguments.scheduler,
            speed=arguments.speed,
            wrong=tuple(map(Path, arguments.wrong)),
            seed=arguments.seed,
        )
        page = Path(arguments.page or f"reports/audit-{name}.html")
        status |= audit_page.run(wanted, Path(), page, as_json=arguments.json)
    return status


def _update(arguments: argparse.Namespace) -> int:
    with needs_grader("update"):
        from kernelmark.course import drift

    for line in drift.update(arguments.assignment):
        print(line)
    return 0


def _grade(arguments: argparse.Namespace) -> int:
    from kernelmark.records import to_json

    with needs_grader("grade"):
        from kernelmark.referee.grading import grade

    print(to_json(grade(Path(arguments.source), Path(arguments.submitted))))
    return 0


def _init(arguments: argparse.Namespace) -> int:
    with needs_grader("init"):
        from kernelmark.authoring import begin

    print(*begin.init(Path(arguments.folder)), sep="\n")
    return 0


def _new(arguments: argparse.Namespace) -> int:
    with needs_grader("new"):
        from kernelmark.authoring import begin

    print(*begin.new(arguments.name), sep="\n")
    return 0


def _calibrate(arguments: argparse.Namespace) -> int:
    with needs_grader("calibrate"):
        from kernelmark.authoring import calibrate, notebooks

    loads = calibrate.known_loads(arguments.loads)
    found = notebooks.find(arguments.assignment)
    slow = [
        [calibrate.slow_file(each, Path(name)) for name in arguments.slow] + calibrate.marked_slow(each)
        for each in found
    ]
    if not arguments.json:
        print(f"{arguments.rounds} rounds under each of {', '.join(loads)}; a range is over all\n\n{calibrate.HEAD}")
    faults, remarks, timed = 0, [], 0
    for each, known in zip(found, slow, strict=True):
        for test in calibrate.measure(each, known, arguments.rounds, loads, arguments.test):
            print(json.dumps(test.as_json()) if arguments.json else test.line(), flush=True)
            timed, faults = timed + 1, faults + any(True for _ in test.misses())
            remarks += [f"{test.grade_id}: {text}" for text in test.remarks()]
    if not arguments.json:
        last = f"{faults} of {timed} speed tests leave too little room." if faults else "Every line leaves room."
        print("", *(f"- {text}" for text in remarks), last if timed else "There is no speed test.", sep="\n")
    return int(faults > 0)


def _status(arguments: argparse.Namespace) -> int:
    from kernelmark.student import desk, terminal

    left_out: list[str] = []
    found = [desk.progress(path) for path in desk.notebooks(Path(arguments.folder), left_out)]
    _tell(left_out)
    if not found:
        raise KernelmarkError(f"no assignment in {arguments.folder} or one folder down")
    print(terminal.as_status(found))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from kernelmark.student import desk, terminal

    left_out: list[str] = []
    status = 130
    try:
        try:
            path = desk.find(arguments.notebook, left_out=left_out)
        finally:
            _tell(left_out)
        for _ in terminal.changes(path) if arguments.watch else (None,):
            try:
                with terminal.running() as tell:
                    found = desk.check(path, arguments.part, tell)
                print(terminal.as_report(path, found, arguments.part))
                status = int(any(item.outcome != "passed" for item in found))
            except KernelmarkError as error:
                if not arguments.watch:
                    raise
                print(f"kernelmark: {visible(str(error))}", file=sys.stderr)
            if arguments.watch:
                print(f"\nWatching {path}; save it to check again, ctrl-C to end.\n", flush=True)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
    return status


def _export(arguments: argparse.Namespace) -> int:
    from kernelmark.student import export

    notebooks = [Path(name) for name in arguments.notebooks]
    if not notebooks:
        notebooks, left_out = export.exporting(Path())
        _tell(left_out)
    if not notebooks:
        raise KernelmarkError("no notebook here has a cell that begins with '#| export'; name one, or change folder")
    only = arguments.only.split(",") if arguments.only else None
    for path in export.export(notebooks, Path(arguments.to), only):
        print(f"written: {path}")
    return 0


def _tell(left_out: Sequence[str]) -> None:
    """Name what lies beside the notebooks that were meant and cannot be read."""
    for line in left_out:
        print(f"kernelmark: left out: {line}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
