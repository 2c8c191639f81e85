"""Files that go along into a sandbox: copies that may be changed, within bounds, and nothing else of the host."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from kernelmark.sandbox.link import Link
from kernelmark.sandbox.luggage import packed, split, unpack
from tests.sandbox.linked import LIMITS, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A file, one of an odd name, one in a folder, one with a second name, and a link."""
    found = tmp_path / "beside"
    (found / "data").mkdir(parents=True)
    (found / "results.csv").write_text("3")
    (found / os.fsdecode(b"caf\xe9")).write_text("odd")
    (found / "data" / "deep.txt").write_text("deep")
    (found / "one.txt").write_text("twice")
    os.link(found / "one.txt", found / "two.txt")
    (found / "data" / "link").symlink_to("/etc/passwd")
    return found


def beside(folder: Path) -> dict[str, str]:
    return {path.name: str(path) for path in sorted(folder.iterdir())}


class TestPacked:
    def test_comes_out_as_it_went_in_without_links(self, folder: Path, tmp_path: Path):
        """Names and contents, two names of one file included; a link is left behind."""
        descriptor = packed(beside(folder))
        place = tmp_path / "place"
        place.mkdir()
        unpack(descriptor, str(place))
        os.close(descriptor)
        found = {str(path.relative_to(place)): path.read_text() for path in place.rglob("*") if path.is_file()}
        expected = {"results.csv": "3", os.fsdecode(b"caf\xe9"): "odd", "data/deep.txt": "deep"}
        assert found == {**expected, "one.txt": "twice", "two.txt": "twice"}
        assert not (place / "data" / "link").is_symlink()

    def test_nothing_is_nothing(self, tmp_path: Path):
        """Most notebooks have no file beside them: nothing is packed and nothing unpacked."""
        descriptor = packed({})
        assert os.fstat(descriptor).st_size == 0
        unpack(descriptor, str(tmp_path))
        os.close(descriptor)
        assert os.listdir(tmp_path) == []


class TestSplit:
    def test_what_does_not_fit_is_shown_as_it_is(self, folder: Path):
        """Half of a scratch folder at most is copied, no file above the limit of one; the rest stays readable."""
        (folder / "large.bin").write_bytes(bytes(200_000))
        files = beside(folder)
        assert split(files, LIMITS) == (files, {})
        copied, shown = split(files, replace(LIMITS, scratch_bytes=300_000))
        assert set(shown) == {"large.bin"}
        assert copied | shown == files
        assert set(split(files, replace(LIMITS, file_bytes=100_000))[1]) == {"large.bin"}

    def test_what_is_shown_can_be_read_there(self, folder: Path):
        """A file that is too large for a copy is read in the sandbox all the same."""
        (folder / "data" / "large.bin").write_bytes(b"7" * 200_000)
        link = Link(replace(LIMITS, file_bytes=100_000), beside(folder))
        try:
            assert run(link, "print(len(open('data/large.bin').read()))") == ("200000\n", False)
            assert run(link, "open('data/large.bin', 'a')")[1]
        finally:
            link.close()


class TestInTheSandbox:
    def test_a_notebook_may_write_over_its_files(self, folder: Path):
        """As at a desk; what was handed in is not touched, and a process that is started again finds it as it was."""
        for _ in range(2):
            link = Link(LIMITS, beside(folder))
            try:
                source = "text = open('results.csv').read()\nopen('results.csv', 'w').write('8')\n"
                source += "open('data/new.txt', 'w').write('x')\nprint(text, open('results.csv').read())"
                assert run(link, source) == ("3 8\n", False)
            finally:
                link.close()
        assert (folder / "results.csv").read_text() == "3"
        assert not (folder / "data" / "new.txt").exists()

    def test_no_path_of_the_host_is_in_the_list_of_mounts(self, folder: Path):
        """Where a student's files lie on the grader's disk is nobody's business in there."""
        link = Link(LIMITS, beside(folder))
        try:
            printed, _ = run(link, "print(open('/proc/self/mountinfo').read())")
        finally:
            link.close()
        assert str(folder) not in printed


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("!pip install torch", "!pip install torch: not run where this is graded"),
        ("listing = !ls\nassert listing == []", "!ls: not run where this is graded"),
        ("%pip install torch", "not run where this is graded"),
        ("%%bash\nls", "%%bash: not run where this is graded"),
        ("%%!\nls", "%%!: not run where this is graded"),
        ("%system ls", "!ls: not run where this is graded"),
    ],
)
def test_a_command_of_the_system_is_a_line_and_the_cell_goes_on(shared, source, said):
    """At a desk such a line never raises; here it says that it was not run."""
    tail = "" if source.startswith("%%") else "\nprint('on')"
    printed, failed = run(shared, source + tail)
    assert said in printed
    assert not failed
    assert source.startswith("%%") or printed.endswith("on\n")
