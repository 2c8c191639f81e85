"""A whole class at once: `kernelmark autograde`, on the cores of this machine or on a Dask cluster.

The pure step, a submitted notebook to a graded one, goes to an executor; what writes
(the folders, the records, the grade book) stays here, one submission after the other and
in the same order of steps as `nbgrader autograde`, so that a run that is killed is gone on
with by either command. It does not decide marks: `autograde` and the rooms below do.
"""

import contextlib
import errno
import functools
import logging
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import autogradeapp
from nbgrader.apps.autogradeapp import AutogradeApp
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from traitlets import default

from kernelmark.course import autograde, steps
from kernelmark.course.gradebook import Book, enter_submission, explain, void_marks, write_marks
from kernelmark.course.places import NO_UTF8, has_name, literal_glob, share
from kernelmark.course.resume import alone
from kernelmark.course.settings import Kernelmark
from kernelmark.course.stores import kept
from kernelmark.errors import ClusterError, GraderError, KernelmarkError, SandboxError, StorageError
from kernelmark.notebook import intake
from kernelmark.notebook.folder import find
from kernelmark.records import RECORDS, SubmissionResult, from_json, record_path
from kernelmark.referee import grading
from kernelmark.stopwatch.stats import number
from kernelmark.whole_class.progress import Progress
from kernelmark.whole_class.work import Graded, Work, grade_sent, grade_work, packed, plain
from kernelmark.whole_class.workers import MAX_LOSSES, Workers, workers

# Submissions that wait for their turn beside those that are being graded.
WAITING = 2
# How often a run looks whether anybody is there to grade.
LOOK_S = 5.0
# What one submission met, the next would meet too: the run stops.
STOPPING = (SandboxError, StorageError, ClusterError)
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


def what_changed(former: SubmissionResult | None, result: SubmissionResult) -> str:
    """Return how and why the marks of a regraded notebook changed, "" where they did not."""
    if former is None:
        return ""
    marks = {cell.grade_id: cell.points for cell in former.cells}
    if marks == {cell.grade_id: cell.points for cell in result.cells}:
        return ""
    reasons = [
        ("the submission changed", former.submission_sha256 != result.submission_sha256),
        ("the assignment changed", former.source_sha256 != result.source_sha256),
        ("the environment changed", former.environment_sha256 != result.environment_sha256),
    ]
    why = " and ".join(text for text, holds in reasons if holds) or "nothing but the measurement changed"
    return f"was {number(sum(points or 0.0 for points in marks.values()))} ({why})"


@dataclass
class _Item:
    """One student's submission on its way: what is to be graded, and what has come back."""

    assignment: str
    student: str
    folder: str
    works: list[Work]
    done: dict[str, Graded] = field(default_factory=dict)
    losses: int = 0
    failed: bool = False
    held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)


class ClassAutograde(Autograde):
    """nbgrader's converter, with many submissions on their way at once."""

    workers: Workers
    progress: Progress
    # What is to be said before anything is graded.
    told: list[str]

    def tell(self, text: str) -> None:
        """Keep a line for staff until the run begins."""
        self.told.append(text)

    def convert_notebooks(self) -> None:
        """Grade every submission that has to be, and write each as soon as it is there.

        Raises:
            SystemExit: with 1 where a submission could not be graded, 130 where it was stopped.
        """
        if not isinstance(self.exporter, autograde.SubmissionExporter):
            raise SystemExit(autograde.OTHER_EXPORTER)
        settings = Kernelmark(parent=self, config=self.config)
        self._book = Book(self.coursedir.db_url, settings.grade_book_wait_s)
        self._penalty = self.exporter.penalty
        self._check_assignment()
        todo = self._todo()
        self.progress.begin(len(todo), skipped=len(self.assignments) - len(todo))
        for text in self.told:
            self.progress.note(text)
        running: dict[Future[Any], tuple[_Item, Work]] = {}
        try:
            failed = self._grade_all(todo, running)
        except KeyboardInterrupt:
            self._stop(running)
            raise SystemExit(130) from None
        except STOPPING as error:
            self._stop(running)
            raise SystemExit(str(error)) from None
        finally:
            self._book.close()
        for folder in (each for each in self._every_folder() if not has_name(each)):
            failed += 1
            self.progress.failed(Path(folder).parent.name, NO_UTF8)
        self.progress.end()
        if failed:
            raise SystemExit(1)

    def _grade_all(
        self, todo: Sequence[tuple[str, str, str, list[str]]], running: dict[Future[Any], tuple[_Item, Work]]
    ) -> int:
        """Keep the workers busy until all is graded; return how many submissions failed."""
        failed, trouble = 0, ""
        waiting = iter(todo)
        while True:
            while len(running) < self.workers.count + WAITING and (place := next(waiting, None)) is not None:
                try:
                    item = self._item(*place)
                    for work in item.works:
                        running[self._submit(work)] = (item, work)
                except STOPPING:
                    raise
                except (KernelmarkError, OSError) as error:
                    failed += 1
                    self._failed(place[1], error)
            if not running:
                return failed
            finished, _ = wait(running, LOOK_S, FIRST_COMPLETED)
            if not finished:
                trouble, former = self.workers.trouble(), trouble
                if trouble not in ("", former):
                    self.progress.note(trouble)
            for future in finished:
                item, work = running.pop(future)
                failed += self._collect(future, item, work, running)

    def _every_folder(self) -> list[str]:
        return sorted(literal_glob(self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)))

    def _stop(self, running: Mapping[Future[Any], tuple[_Item, Work]]) -> None:
        """Let go of what is on its way; nothing of it was written."""
        self.workers.drop(running)
        for item, _ in running.values():
            item.held.close()
        self.progress.end(stopped=True)
        grading.close()

    def _check_assignment(self) -> None:
        name = self.coursedir.assignment_id
        try:
            self._book.in_one_transaction(lambda book: book.find_assignment(name))
        except MissingEntry:
            raise SystemExit(f"{name} is not in the grade book; run: nbgrader generate_assignment {name}") from None
        except StorageError as error:
            raise SystemExit(str(error)) from None

    def _todo(self) -> list[tuple[str, str, str, list[str]]]:
        """Return assignment, student, folder and notebooks of what is to be graded, by folder."""
        settings = Kernelmark(parent=self, config=self.config)
        source = Path(settings.source_directory)
        own, most = self.exclude_overwriting, settings.course_file_limit
        hashed = functools.cache(
            functools.partial(grading.source_of, source, self.config, own, most, self.coursedir.ignore)
        )
        excluded = self.coursedir.student_id_exclude.split(",")
        pattern = self._format_source("(?P<assignment>.*)", "(?P<student>.*)", escape=True)
        found = []
        for folder in sorted(self.assignments):
            match = re.match(pattern, folder)
            if match is None:
                continue
            assignment, student = match["assignment"], match["student"]
            if student in excluded:
                del self.assignments[folder]
                continue
            self.notebooks = sorted(self.assignments[folder])
            if not self._is_current(assignment, student, hashed):
                self._remove(Path(self._format_dest(assignment, student)))
            if self.init_destination(assignment, student):
                found.append((assignment, student, folder, self.notebooks))
        return found

    def _remove(self, place: Path) -> None:
        """Remove what was graded before, and of it only the notebooks that are meant."""
        if self.coursedir.notebook_id == "*":
            shutil.rmtree(place, ignore_errors=True)
            return
        for name in self.notebooks:
            (place / Path(name).name).unlink(missing_ok=True)

    def _is_current(self, assignment: str, student: str, hashed: Callable[[str, str], str]) -> bool:
        """Say whether what was graded before was graded with these tests and this environment."""
        for name in (Path(path).stem for path in self.notebooks):
            record = self.exporter.ready.kept.get((assignment, student, name)) or kept(
                record_path(assignment, student, name)
            )
            if record is None or record.source_sha256 != hashed(assignment, name):
                return False
            if record.environment_sha256 != grading.environment_sha256():
                return False
        return True

    def _item(self, assignment: str, student: str, folder: str, notebooks: Sequence[str]) -> _Item:
        settings = Kernelmark(parent=self, config=self.config)
        source = Path(settings.source_directory) / assignment
        pack: Any = packed if self.workers.remote else dict
        ignore = self.coursedir.ignore
        steps.call(self, self.pre_convert_hook, notebooks, self.progress.note)
        own, left_out = intake.own_files(source, settings.course_file_limit, ignore)
        files, course_files = pack(intake.shown(Path(folder), settings.submitted_file_limit, ignore)), pack(own)
        names = [Path(path).stem for path in notebooks]
        known = [path.stem for path in source.glob("*.ipynb")]
        works = []
        for name in names:
            text = grading.source_text(source / f"{name}.ipynb", self.config)
            found = find(Path(folder, f"{name}.ipynb"), known)
            submitted, notes, doubt = steps.prepared(self, text, found, (assignment, student, name))
            works.append(
                Work(
                    assignment=assignment,
                    notebook=name,
                    student=student,
                    source=text,
                    submitted=submitted,
                    notes=notes,
                    doubt=doubt,
                    limits=asdict(settings.limits()),
                    config=plain(self.config),
                    files=files,
                    course_files=course_files,
                    missing=intake.told(left_out),
                    students_own=tuple(self.exclude_overwriting.get(assignment, ())),
                    handed_in=self.exporter.ready.handed_in.get((assignment, student), ""),
                )
            )
        item = _Item(assignment, student, folder, works)
        item.held.enter_context(alone(assignment, student))
        return item

    def _submit(self, work: Work) -> Future[Any]:
        return self.workers.submit(grade_sent if self.workers.remote else grade_work, work)

    def _collect(
        self, future: Future[Any], item: _Item, work: Work, running: dict[Future[Any], tuple[_Item, Work]]
    ) -> int:
        """Take one result in; return 1 where the submission failed.

        Raises:
            SandboxError: submissions cannot be contained.
            StorageError: the submission cannot be written, nor could another be.
            ClusterError: nobody is left to grade.
        """
        try:
            found = future.result()
            if not isinstance(found, Graded):
                found = Graded(found[0], found[1], from_json(SubmissionResult, found[2]))
        except STOPPING:
            raise
        except (KernelmarkError, ValueError) as error:
            return self._give_up(item, error)
        except Exception as error:  # a worker or the connection went away; Dask raises what it met, of any kind
            # The work is done again.
            self.workers.trouble()
            item.losses += 1
            if self.workers.remote and item.losses <= MAX_LOSSES:
                self.progress.note(f"{item.student}: a worker was lost ({type(error).__name__}); graded again")
                running[self._submit(work)] = (item, work)
                return 0
            return self._give_up(item, error)
        item.done[work.notebook] = found
        if len(item.done) < len(item.works):
            return 0
        try:
            self._write(item)
        except STOPPING:
            raise
        except (KernelmarkError, NbGraderException, ValueError) as error:
            return self._give_up(item, error)
        item.held.close()
        return 0

    def _give_up(self, item: _Item, error: Exception) -> int:
        """Leave no mark of a submission that could not be graded; return 1, or 0 where that was said before."""
        if item.failed:
            return 0
        item.failed = True
        with item.held:
            self._book.in_one_transaction(
                lambda book: void_marks(book, item.assignment, item.student, None, self._penalty)
            )
        self._failed(item.student, error)
        return 1

    def _failed(self, student: str, error: Exception) -> None:
        self.progress.failed(student, f"{type(error).__name__}: {error}")

    def _write(self, item: _Item) -> None:
        """Write a submission: its files, the records, the grade book, and last of all the graded notebooks.

        Raises:
            StorageError: nothing can be written. GraderError: this cannot.
        """
        try:
            self._write_all(item)
        except OSError as error:
            raise (StorageError if error.errno in NO_ROOM else GraderError)(explain(error)) from None

    def _write_all(self, item: _Item) -> None:
        self._copy_files(item)
        kept = {name: autograde.keep(graded.result, self.log) for name, graded in item.done.items()}
        timestamp = self.coursedir.get_existing_timestamp(item.folder)
        finished = {name: steps.finished(self, item.done[name].notebook, result) for name, (result, _) in kept.items()}

        def write(book: Gradebook) -> None:
            self._check_student(book, item.student)
            enter_submission(book, item.assignment, item.student, timestamp)
            for name, (result, _) in kept.items():
                write_marks(book, result, item.done[name].comments, self._penalty)

        self._book.in_one_transaction(write)
        place = Path(self._format_dest(item.assignment, item.student))
        for name, text in finished.items():
            (place / f"{name}.ipynb").write_text(text, encoding="utf-8")
        self.set_permissions(item.assignment, item.student)
        if self.coursedir.groupshared:
            log = self.progress.log
            share([*autograde.records_of(item.assignment, item.student), log.parent, log])
        written = [str(Path(item.folder, f"{name}.ipynb")) for name in finished]
        steps.call(self, self.post_convert_hook, written, self.progress.note)
        for number_, (result, former) in enumerate(kept.values(), 1):
            self.progress.graded(result, what_changed(former, result), last=number_ == len(kept))

    def _check_student(self, book: Gradebook, student: str) -> None:
        if self.create_student:
            return
        try:
            book.find_student(student)
        except MissingEntry:
            raise GraderError(f"no student {student!r} in the grade book, and create_student is off") from None

    def _copy_files(self, item: _Item) -> None:
        """Copy the student's files, and over them the instructor's, as nbgrader does."""
        place = Path(self._format_dest(item.assignment, item.student))
        place.mkdir(parents=True, exist_ok=True)
        source = intake.instructors_folder(self, item.assignment)
        for name in intake.passive_files(item.folder, [*self.coursedir.ignore, "*.ipynb"], own=source):
            target = place / Path(name).relative_to(item.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copyfile(name, target, follow_symlinks=False)
        own = {str(source / name) for name in self.exclude_overwriting.get(item.assignment, [])}
        for name in set(utils.find_all_files(str(source), [*self.coursedir.ignore, "*.ipynb"])) - own:
            target = place / Path(name).relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copy(name, target)


class ClassAutogradeApp(AutogradeApp):
    """`nbgrader autograde`'s options and configuration, with `ClassAutograde` as the converter."""

    @default("log_level")
    def _say_what_is_wrong_only(self) -> int:
        return logging.WARNING

    def start(self) -> None:
        """Run, with this module's converter in the place of nbgrader's."""
        with _converter(self.make):
            super().start()

    make: Callable[..., ClassAutograde]


@contextlib.contextmanager
def _converter(make: Callable[..., ClassAutograde]) -> Iterator[None]:
    former = autogradeapp.Autograde
    autogradeapp.Autograde = make
    try:
        yield
    finally:
        autogradeapp.Autograde = former


def run(name: str, words: Sequence[str], jobs: int, scheduler: str, *, as_json: bool) -> int:
    """Grade a class and return the exit status.

    Args:
        name: the assignment.
        words: further options, as `nbgrader autograde` takes them.
        jobs: submissions at once; on a cluster, 0 means as many as it has threads.
        scheduler: the address of a Dask scheduler; "" for this machine.

    Raises:
        KernelmarkError: the scheduler cannot be reached, or `distributed` is not installed.
    """
    progress = Progress(Path(RECORDS) / "logs" / f"{name}.log", as_json=as_json)
    with workers(jobs, scheduler) as found:

        def make(**settings: Any) -> ClassAutograde:
            converter = ClassAutograde(**settings)
            converter.workers, converter.progress, converter.told = found, progress, []
            return converter

        app = ClassAutogradeApp()
        app.make = make
        try:
            app.initialize([name, *words])
            app.start()
        except SystemExit as stopped:
            if isinstance(stopped.code, str):
                raise GraderError(stopped.code.removeprefix("nbgrader autograde stopped: ")) from None
            return int(stopped.code or 0)
        finally:
            grading.close()
    return 0
