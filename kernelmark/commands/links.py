"""`kernelmark links`: for each released assignment the link by which students get it on a JupyterHub, and one for all.

The links are nbgitpuller's, in the form that its documentation gives
(https://nbgitpuller.readthedocs.io/en/latest/topic/url-options.html) and that its own link generator makes. Nothing is
asked of the hub or of the repository: whether they are there, whether the release was pushed, and what else students
find in that repository, is not looked at.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from kernelmark.errors import CourseError, KernelmarkError, needs_grader
from kernelmark.text import visible

# What an address copied from a browser ends in, when it is a page of the hub.
_PAGES_OF_A_HUB = re.compile(r"/hub(/(home|spawn|token|login))?$")
_SPECIAL_IN_MARKDOWN = re.compile(r"([\\`*_\[\]<>])")


def add_to(commands: Any) -> None:
    """Add the command to a parser's."""
    made = commands.add_parser("links", help="print the links by which students get the release on a JupyterHub")
    made.add_argument("--hub", required=True, metavar="URL", help="for example https://hub.example.edu")
    made.add_argument("--repo", required=True, metavar="URL", help="where students may clone the course from, by git")
    made.add_argument("--branch", default="main", help="the branch that the release was pushed to (default: main)")
    made.add_argument("--markdown", action="store_true", help="as a list for a page in Markdown")
    made.set_defaults(run=_run)


def link(hub: str, repo: str, branch: str, path: str) -> str:
    """Return nbgitpuller's link that brings the repository to a student and opens a file or folder of it in JupyterLab.

    Args:
        hub: the hub's address, with its prefix where it has one.
        repo: what `git clone` is given.
        path: of a file or folder, as seen from the repository's own folder, with `/` between names.

    Raises:
        KernelmarkError: an address has no scheme, or holds what does not belong into a link for a class.
    """
    _checked("--hub", hub, ("https", "http"))
    if "?" in hub or "#" in hub:
        raise KernelmarkError(f"links: --hub {_shown(hub)} goes on after its path; expected its address up to there")
    base = _PAGES_OF_A_HUB.sub("", hub.rstrip("/"))
    _checked("--repo", repo, ("https", "http", "ssh", "git"))
    repo = repo.rstrip("/")
    folder = urlsplit(repo).path.rpartition("/")[2].removesuffix(".git")
    if not folder:
        raise KernelmarkError(f"links: --repo {_shown(repo)} names no repository; expected https://HOST/ORG/COURSE")
    if not branch:
        raise KernelmarkError("links: --branch is empty; expected a branch's name, as in main")
    options = {"repo": repo, "branch": branch}
    if repo.endswith(".git"):
        # nbgitpuller would clone into a folder COURSE.git.
        options["targetPath"] = folder
    # The browser is sent to this as to an address, so it is encoded once for that, and once more as an option.
    options["urlpath"] = "lab/tree/" + quote(f"{folder}/{path}")
    return f"{base}/hub/user-redirect/git-pull?" + "&".join(f"{k}={quote(v, safe='')}" for k, v in options.items())


def released(release: Path) -> dict[str, str]:
    """Return what to open for each released assignment: its notebook, or its folder if it has several.

    The paths are as seen from the release.

    Raises:
        CourseError: there is no folder of a released assignment.
    """
    found = {}
    for folder in sorted(release.iterdir()) if release.is_dir() else []:
        notebooks = sorted(path.name for path in folder.glob("*.ipynb") if not path.name.startswith("."))
        if notebooks:
            found[folder.name] = f"{folder.name}/{notebooks[0]}" if len(notebooks) == 1 else folder.name
    if not found:
        raise CourseError(
            f"links: no released assignment in {_shown(str(release))}; run: nbgrader generate_assignment NAME"
        )
    return found


def as_lines(links: Sequence[tuple[str, str]], *, markdown: bool = False) -> list[str]:
    """Return a line for each pair of a name and a link: columns, or a list in Markdown."""
    named = [(visible(name, lines=False), address) for name, address in links]
    if markdown:
        return [f"- [{_escaped(name)}]({address})" for name, address in named]
    width = max(len(name) for name, _ in named)
    return [f"{name:{width}}  {address}" for name, address in named]


def _run(arguments: argparse.Namespace) -> int:
    with needs_grader("links"):
        from kernelmark.course.folder import open_course

    course = open_course().coursedir
    root = Path(course.root).absolute()
    release = root / course.release_directory
    above = _repository(root)
    if not release.is_relative_to(above):
        raise CourseError(f"links: {_shown(str(release))} lies outside the repository {_shown(str(above))}")
    place = release.relative_to(above).as_posix()
    wanted = [(name, f"{place}/{path}") for name, path in released(release).items()] + [(release.name, place)]
    pairs = [(name, link(arguments.hub, arguments.repo, arguments.branch, path)) for name, path in wanted]
    print(*as_lines(pairs, markdown=arguments.markdown), sep="\n")
    print(
        f"kernelmark: students get all of {_shown(arguments.repo)}: it must hold {place}/ and no solutions, "
        "in none of its branches; docs/book/hub.md says how to make such a one",
        file=sys.stderr,
    )
    return 0


def _repository(root: Path) -> Path:
    """Return the folder of the git repository that a course lies in; the course's own where it lies in none yet."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)


def _checked(option: str, address: str, schemes: tuple[str, ...]) -> None:
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise KernelmarkError(f"links: {option} {_shown(address)} is no address ({error})") from error
    if parts.scheme not in schemes or not parts.hostname or re.search(r"\s", address):
        raise KernelmarkError(
            f"links: {option} must be an address that begins with {schemes[0]}://, got {_shown(address)}"
        )
    if parts.password or (parts.username and parts.scheme in ("https", "http")):
        raise KernelmarkError(f"links: {option} holds a user's name or password, which every student would read")


def _escaped(name: str) -> str:
    return _SPECIAL_IN_MARKDOWN.sub(r"\\\1", name)


def _shown(text: str) -> str:
    return visible(text, lines=False)
