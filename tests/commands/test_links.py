"""Links to a JupyterHub: that nbgitpuller reads out of them what was meant, and that a wrong address is said."""

import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from kernelmark.__main__ import main
from kernelmark.commands.links import as_lines, link, released
from kernelmark.errors import CourseError, KernelmarkError
from tests.sample_class import ROOT

HUB = "https://hub.example.edu"
REPO = "https://github.com/ORG/COURSE"


def options(address: str) -> dict[str, str]:
    """Return what the hub reads out of a link: its options, decoded once."""
    return {name: value for name, (value,) in parse_qs(urlsplit(address).query, strict_parsing=True).items()}


def course(root: Path, *notebooks: str, config: str = "") -> Path:
    for name in notebooks:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", encoding="utf-8")
    (root / "nbgrader_config.py").write_text(f"c = get_config()\n{config}\n", encoding="utf-8")
    return root


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, str]:
    assert main(["links", "--hub", HUB, "--repo", REPO, *words]) == 0
    return dict(re.split(r"  +", line) for line in capsys.readouterr().out.splitlines())


class TestLink:
    def test_is_the_one_that_nbgitpuller_documents(self):
        """Letter by letter what the link generator of its documentation makes of the same fields."""
        assert link(HUB, REPO, "main", "release/03_matmul/matmul.ipynb") == (
            "https://hub.example.edu/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2FORG%2FCOURSE&branch=main"
            "&urlpath=lab%2Ftree%2FCOURSE%2Frelease%2F03_matmul%2Fmatmul.ipynb"
        )

    @pytest.mark.parametrize("name", ["two words", "sum [draft] (2)", "a&b=c;d", "50%", "what?#1", "a+b", "größe"])
    def test_opens_a_file_of_any_name(self, name):
        """nbgitpuller sends the browser to the decoded `urlpath` as to an address: its path must be the file's."""
        given = link(HUB, REPO, "main", f"release/{name}/{name}.ipynb")
        assert given.isascii()
        assert not re.search(r"[\s\[\]()<>\"]", given)
        opened = urlsplit(f"{HUB}/user/anna/{options(given)['urlpath']}")
        assert (opened.query, opened.fragment) == ("", "")
        assert unquote(opened.path) == f"/user/anna/lab/tree/COURSE/release/{name}/{name}.ipynb"

    @pytest.mark.parametrize("branch", ["main", "term/2026 autumn", "a&b"])
    def test_names_the_branch(self, branch):
        """A branch has its name whatever letters are in it."""
        assert options(link(HUB, REPO, branch, "release"))["branch"] == branch

    @pytest.mark.parametrize("end", ["", "/", "/hub", "/hub/", "/hub/home"])
    def test_takes_a_hub_as_the_browser_shows_it(self, end):
        """A hub may lie below a prefix, and its address may have been copied from one of its pages."""
        assert link(f"{HUB}/jupyter{end}", REPO, "main", "release").startswith(
            f"{HUB}/jupyter/hub/user-redirect/git-pull?repo="
        )

    @pytest.mark.parametrize("end", ["", "/", ".git", ".git/"])
    def test_opens_the_folder_that_is_cloned_into(self, end):
        """nbgitpuller clones into what follows the last slash unless it is told a folder."""
        given = options(link(HUB, REPO + end, "main", "release"))
        into = given.get("targetPath", given["repo"].rstrip("/").split("/")[-1])
        assert given["urlpath"] == f"lab/tree/{into}/release" == "lab/tree/COURSE/release"

    @pytest.mark.parametrize(
        ("hub", "repo", "told"),
        [
            ("hub.example.edu", REPO, "--hub must be an address that begins with https://, got hub.example.edu"),
            ("hub.example.edu:8000", REPO, "--hub must be an address that begins with https://"),
            ("https://", REPO, "--hub must be an address"),
            ("https://[hub", REPO, "--hub https://[hub is no address"),
            (f"{HUB}?next=x", REPO, "goes on after its path"),
            (f"{HUB}/#", REPO, "goes on after its path"),
            (HUB, "ORG/COURSE", "--repo must be an address that begins with https://, got ORG/COURSE"),
            (HUB, "git@github.com:ORG/COURSE", "--repo must be an address"),
            (HUB, "https://github.com/", "names no repository"),
            (HUB, "https://me:secret@github.com/ORG/COURSE", "which every student would read"),
        ],
    )
    def test_an_address_that_leads_nowhere_is_said_in_one_line(self, hub, repo, told):
        """The message names the option and what was expected, and never repeats a password."""
        with pytest.raises(KernelmarkError) as caught:
            link(hub, repo, "main", "release")
        message = str(caught.value)
        assert told in message
        assert "\n" not in message
        assert "secret" not in message


class TestReleased:
    def test_one_notebook_opens_and_several_open_their_folder(self, tmp_path):
        """What lies beside is no assignment: files, folders without a notebook, what Jupyter keeps."""
        course(tmp_path, "r/one/a.ipynb", "r/one/.ipynb_checkpoints/a.ipynb", "r/two/a.ipynb", "r/two/b.ipynb")
        (tmp_path / "r" / "data").mkdir()
        (tmp_path / "r" / "requirements.txt").write_text("numpy\n")
        assert released(tmp_path / "r") == {"one": "one/a.ipynb", "two": "two"}

    @pytest.mark.parametrize("there", [True, False])
    def test_none_says_how_to_make_one(self, tmp_path, there):
        """No folder and an empty one come to the same."""
        if there:
            (tmp_path / "release").mkdir()
        with pytest.raises(
            CourseError, match=r"no released assignment in .*release; run: nbgrader generate_assignment"
        ):
            released(tmp_path / "release")


class TestCommand:
    def test_names_every_assignment_and_the_whole_release(self, tmp_path, monkeypatch, capsys):
        """One line each, the whole of it last; and a word on what students find in the repository."""
        monkeypatch.chdir(course(tmp_path, "release/a/x.ipynb", "release/b b/y.ipynb"))
        assert main(["links", "--hub", HUB, "--repo", REPO, "--branch", "autumn"]) == 0
        out, err = capsys.readouterr()
        assert out.splitlines() == [
            f"a        {link(HUB, REPO, 'autumn', 'release/a/x.ipynb')}",
            f"b b      {link(HUB, REPO, 'autumn', 'release/b b/y.ipynb')}",
            f"release  {link(HUB, REPO, 'autumn', 'release')}",
        ]
        assert "it must hold release/ and no solutions" in err

    def test_finds_the_release_where_the_course_and_its_repository_have_it(self, tmp_path, monkeypatch, capsys):
        """A course may lie in a folder of a repository, and nbgrader's setting may call the release something else."""
        config = "c.CourseDirectory.release_directory = 'handed_out'"
        root = course(tmp_path / "autumn", "handed_out/a/x.ipynb", config=config)
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
        monkeypatch.chdir(root)
        found = printed(capsys)
        assert options(found["a"])["urlpath"] == "lab/tree/COURSE/autumn/handed_out/a/x.ipynb"
        assert options(found["handed_out"])["urlpath"] == "lab/tree/COURSE/autumn/handed_out"

    def test_no_release_is_one_line_and_a_status(self, tmp_path, monkeypatch, capsys):
        """Nothing is printed that could be taken for a link."""
        monkeypatch.chdir(course(tmp_path))
        assert main(["links", "--hub", HUB, "--repo", REPO]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("kernelmark: links: no released assignment in ")
        assert err.count("\n") == 1

    def test_markdown_is_a_list_whose_names_stay_names(self):
        """Brackets and underscores in a name neither end the link's text nor set it in italics."""
        assert as_lines([("a_[1]", f"{HUB}/x")], markdown=True) == [rf"- [a\_\[1\]]({HUB}/x)"]


@pytest.mark.parametrize("name", ["environment.yml", "Containerfile"])
def test_recipe_names_extras_that_there_are(name):
    """pip only warns of an extra that a package does not have, and installs without it."""
    text = (ROOT / name).read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (extras,) = re.findall(r"(?<![\w.])\.\[([\w,]+)\]", text)
    assert {"course", "grader"} == set(extras.split(",")) <= project["optional-dependencies"].keys()


def test_image_copies_what_the_package_is_built_from():
    """pyproject.toml names a readme and a licence, without which pip builds nothing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    copied = re.findall(r"^COPY (.*) \S+$", (ROOT / "Containerfile").read_text(encoding="utf-8"), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert {"pyproject.toml", "kernelmark", project["readme"], *project["license-files"]} == names


def test_what_the_page_publishes_is_the_release_and_nothing_else(tmp_path):
    """The lines of docs/book/hub.md, run before a change and after it: no commit that students get has a solution."""
    (lines,) = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs/book/hub.md").read_text(encoding="utf-8"), re.M | re.S)
    here, theirs, clone = (tmp_path / name for name in ("course", "students.git", "clone"))

    def git(*words: str, at: Path = here) -> str:
        own = ["-c", "user.name=x", "-c", "user.email=x@example.edu"]
        return subprocess.run(["git", *own, *words], cwd=at, check=True, capture_output=True, text=True).stdout

    git("init", "-q", "-b", "main", str(here), at=tmp_path)
    git("init", "-q", "--bare", "-b", "main", str(theirs), at=tmp_path)
    git("remote", "add", "students", str(theirs))
    git("config", "user.name", "x")
    git("config", "user.email", "x@example.edu")
    for text in ("first", "second"):
        for name in ("source/a/x.ipynb", "release/a/x.ipynb"):
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_text(text, encoding="utf-8")
        git("add", ".")
        git("commit", "-q", "-m", text)
        subprocess.run(["sh", "-c", lines], cwd=here, check=True, capture_output=True)
        if text == "first":
            git("clone", "-q", str(theirs), str(clone), at=tmp_path)
    git("pull", "-q", "--ff-only", at=clone)
    assert (clone / "release/a/x.ipynb").read_text(encoding="utf-8") == "second"
    assert set(git("log", "--all", "--name-only", "--format=", at=clone).split()) == {"release/a/x.ipynb"}
    assert len(git("log", "--all", "--format=%h", at=clone).split()) == 2
