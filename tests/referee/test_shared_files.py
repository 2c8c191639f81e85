"""Files as at a desk: what a test writes its functions read, and what they wrote the test reads; and nothing else."""

import ast
import io
import pickle
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from kernelmark.notebook.filing import is_about_files, names_of_files, runs_what_it_reads
from kernelmark.records import SubmissionResult
from kernelmark.referee import grading
from kernelmark.wire.files import MAX_FILES_BACK, Tree, may_come_back
from tests.small_course import asked, graded_cell, marks, notebook_of, solution

Told = Callable[..., SubmissionResult]
COUNT = "def count(path):\n    with open(path) as file:\n        return len(file.read().split())"
IDLE = "def count(path): return 7\ndef save(*given): pass\ndef load(*given): return 0\ndef where(): return ''"


class TestWhatATestWrites:
    @pytest.mark.parametrize(
        ("work", "test_source"),
        [
            (COUNT, "from pathlib import Path\np = Path('lines.txt')\np.write_text('a b c')\nassert count(p) == 3"),
            (
                COUNT,
                "with open('lines.txt', 'w') as f:\n    f.write('a')\nassert count('lines.txt') == 1\n"
                "with open('lines.txt', 'w') as f:\n    f.write('a b')\nassert count('lines.txt') == 2\n"
                "with open('lines.txt', 'a') as f:\n    f.write(' c')\nassert count('lines.txt') == 3",
            ),
            (
                COUNT,
                "import tempfile, os\nwith tempfile.TemporaryDirectory() as folder:\n"
                "    path = os.path.join(folder, 'x.txt')\n"
                "    open(path, 'w').write('a b')\n    assert count(path) == 2",
            ),
            (
                COUNT,
                "import tempfile\nwith tempfile.NamedTemporaryFile('w', suffix='.txt') as file:\n"
                "    file.write('a b c d')\n    file.flush()\n    assert count(file.name) == 4",
            ),
            (COUNT, "import os\nopen('x.txt', 'w').write('a b')\nassert count(os.path.abspath('x.txt')) == 2"),
            (
                "import os\ndef count(folder):\n    return len(os.listdir(folder))",
                "import os, tempfile\nos.makedirs('deep/er')\nopen('deep/er/a.txt', 'w').close()\n"
                "assert count('deep/er') == 1 and count('deep') == 1\n"
                "with tempfile.TemporaryDirectory() as d:\n    assert count(d) == 0",
            ),
            (
                "def load():\n    return open('given.txt').read()",
                "import os, tempfile\nwith tempfile.TemporaryDirectory() as d:\n    os.chdir(d)\n"
                "    open('given.txt', 'w').write('here')\n    assert load() == 'here'\n    os.chdir('..')",
            ),
            (
                "import os\ndef where():\n    return os.environ.get('DATA_PLACE', '')",
                "import os\nassert where() == ''\nos.environ['DATA_PLACE'] = 'there'\nassert where() == 'there'\n"
                "del os.environ['DATA_PLACE']\nassert where() == ''",
            ),
            (
                "import os\ndef count(path):\n    return 1 if os.path.exists(path) else 2",
                "import os\nopen('x.txt', 'w').close()\nassert count('x.txt') == 1\nos.remove('x.txt')\n"
                "assert count('x.txt') == 2",
            ),
        ],
        ids=["path", "again", "temporary", "named", "absolute", "folders", "chdir", "environ", "removed"],
    )
    def test_the_solution_reads(self, told: Told, work, test_source):
        """The course's own solution passes, twice on one reference, and work that reads nothing does not."""
        cells = solution("work", work), asked("asks", test_source)
        for _ in range(2):
            assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=IDLE)) == {"asks": 0.0}

    def test_stays_for_later_tests(self, told: Told):
        """As at a desk; what it did to the environment is over."""
        cells = (
            solution("work", COUNT),
            asked("first", "import os\nos.environ['LATER'] = '1'\nassert open('x.txt', 'w').write('a b') == 3"),
            asked("second", "assert count('x.txt') == 2 and os.environ.get('LATER') is None"),
        )
        assert marks(told(*cells)) == {"first": 1.0, "second": 1.0}

    @pytest.mark.parametrize(
        "first", ["from pathlib import Path\nPath('x.txt').write_text('a b');", "%%writefile x.txt\na b"]
    )
    def test_is_handed_over_by_a_test_that_says_no_more(self, told: Told, first):
        """A name that an earlier test wrote under makes a test one about files."""
        cells = solution("work", COUNT), asked("first", first), asked("second", "assert count('x.txt') == 2")
        assert marks(told(*cells))["second"] == 1.0

    def test_nothing_lies_in_the_course(self, told: Told, tmp_path, monkeypatch):
        """A test that writes a file leaves none behind where grading was started."""
        monkeypatch.chdir(tmp_path)
        told(solution("work", COUNT), asked("asks", "open('litter.txt', 'w').write('a')\nassert count('litter.txt')"))
        assert not list(Path().rglob("litter.txt"))


class TestWhatTheSolutionWrites:
    @pytest.mark.parametrize(
        ("work", "test_source"),
        [
            ("with open('out.txt', 'w') as f:\n    f.write('42')", "assert open('out.txt').read() == '42'"),
            (
                "def save(text):\n    with open('out.txt', 'a') as f:\n        f.write(text)",
                "import os\nif os.path.exists('out.txt'):\n    os.remove('out.txt')\nsave('a')\n"
                "assert open('out.txt').read() == 'a'\nsave('b')\nassert open('out.txt').read() == 'ab'",
            ),
            (
                "def save(path):\n    with open(path, 'a') as f:\n        f.write('more')",
                "open('log.txt', 'w').write('some ')\nsave('log.txt')\nassert open('log.txt').read() == 'some more'",
            ),
            (
                "import json\ndef save(folder):\n    with open(f'{folder}/out.json', 'w') as f:\n"
                "        json.dump([1], f)",
                "import json, tempfile\nfrom pathlib import Path\nwith tempfile.TemporaryDirectory() as d:\n"
                "    save(d)\n"
                "    assert json.loads((Path(d) / 'out.json').read_text()) == [1]",
            ),
            (
                "import csv\ndef save(path, rows):\n    with open(path, 'w', newline='') as f:\n"
                "        csv.writer(f).writerows(rows)",
                "import csv, tempfile\nfrom pathlib import Path\np = Path(tempfile.mkdtemp()) / 'sub' / 'table.csv'\n"
                "p.parent.mkdir()\nsave(p, [['a', 1]])\nassert list(csv.reader(open(p))) == [['a', '1']]",
            ),
            (
                "import numpy as np\ndef save(n):\n    np.save('numbers.npy', np.arange(n))",
                "import numpy as np\nsave(3)\nassert np.load('numbers.npy').tolist() == [0, 1, 2]\nsave(2)\n"
                "assert np.load('numbers.npy').tolist() == [0, 1]",
            ),
            (
                "import os\ndef save(n):\n    os.makedirs('parts', exist_ok=True)\n    for k in range(n):\n"
                "        open(f'parts/part_{k}.txt', 'w').write(str(k))",
                "import os\nsave(3)\nfor k in range(3):\n    assert open(f'parts/part_{k}.txt').read() == str(k)\n"
                "assert sorted(os.listdir('parts')) == [f'part_{k}.txt' for k in range(3)]",
            ),
            (
                "import os\ndef save(path):\n    os.remove(path)",
                "import os\nopen('x.txt', 'w').close()\nsave('x.txt')\nassert not os.path.exists('x.txt')",
            ),
        ],
        ids=["at once", "in a call", "appended", "json", "csv", "numpy", "several", "removed"],
    )
    def test_the_test_reads(self, told: Told, work, test_source):
        """Written by a cell or by a call, beside the notebook or in a temporary folder, twice on one reference."""
        cells = solution("work", work), asked("asks", test_source)
        for _ in range(2):
            result = told(*cells)
            assert marks(result) == {"asks": 1.0}, result.cell("asks").staff
        assert marks(told(*cells, work=IDLE)) == {"asks": 0.0}
        wrong = work.replace("'42'", "'41'").replace("write(text)", "write('z')").replace("'more'", "'less'")
        wrong = wrong.replace("[1]", "[2]").replace("writerows(rows)", "writerow([2])").replace("arange(n)", "ones(n)")
        wrong = wrong.replace("str(k)", "'x'").replace("os.remove(path)", "open(path, 'w').write('x')")
        assert wrong != work
        assert marks(told(*cells, work=wrong)) == {"asks": 0.0}

    def test_a_test_that_is_asked_again_finds_what_it_found(self, told: Told):
        """A function that appends has appended once when the test is run again, to no later test's harm."""
        work = "def save(v):\n    with open('log.txt', 'a') as f:\n        f.write(str(sum(v)))\n    return sum(v)"
        test_source = (
            "import numpy as np\nv = np.ones(3)\nopen('log.txt', 'w').write('>')\ntotal = save(v)\n"
            "assert open('log.txt').read() == '>3.0' and total == 3 == v.sum()"
        )
        cells = solution("work", work), asked("asks", test_source), asked("again", test_source + "  # again")
        assert marks(told(*cells)) == {"asks": 1.0, "again": 1.0}
        result = told(*cells, work=work.replace("    return sum(v)", "    v[:] = 0\n    return 0"))
        assert marks(result) == {"asks": 0.0, "again": 0.0}


class TestWhatTheCourseShips:
    @pytest.fixture
    def with_data(self, tmp_path) -> Callable[..., SubmissionResult]:
        """Return a function that grades cells beside the course's file data.txt, which holds 1 2 3."""

        def graded(*cells, **changed: str) -> SubmissionResult:
            folder = tmp_path / "course"
            folder.mkdir(exist_ok=True)
            (folder / "data.txt").write_text("1 2 3")
            (folder / "helper.py").write_text("FACTOR = 2")
            source, submitted = folder / "source.ipynb", tmp_path / "own" / "submitted.ipynb"
            submitted.parent.mkdir(exist_ok=True)
            nbformat.write(notebook_of(*cells), source)
            own = nbformat.read(source, as_version=4)
            for cell in own.cells:
                cell.source = changed.get(cell.metadata.nbgrader.grade_id, cell.source)
            nbformat.write(own, submitted)
            return grading.grade(source, submitted)

        return graded

    READS = "def total():\n    return sum(map(int, open('data.txt').read().split()))"

    def test_stays_the_courses(self, with_data):
        """A submission cannot replace the data that a test works out the right answer from."""
        cells = (
            solution("work", self.READS),
            asked("asks", "right = sum(map(int, open('data.txt').read().split()))\nassert total() == right"),
            asked("late", "assert total() == sum(map(int, open('data.txt').read().split()))"),
        )
        assert marks(with_data(*cells)) == {"asks": 1.0, "late": 1.0}
        forged = "open('data.txt', 'w').write('0')\ndef total():\n    open('data.txt', 'w').write('0')\n    return 0"
        assert marks(with_data(*cells, work=forged)) == {"asks": 0.0, "late": 0.0}
        removed = "import os\nos.remove('data.txt')\ndef total():\n    return 0"
        assert marks(with_data(*cells, work=removed)) == {"asks": 0.0, "late": 0.0}

    def test_comes_back_where_the_courses_own_solution_changes_it(self, with_data):
        """An exercise about overwriting a file is graded; the next test finds what the course ships."""
        work = "def double():\n    numbers = open('data.txt').read().split()\n    with open('data.txt', 'w') as f:\n"
        work += "        f.write(' '.join(str(2 * int(n)) for n in numbers))"
        test_source = "double()\nassert open('data.txt').read() == '2 4 6'"
        cells = (
            solution("work", work),
            asked("asks", test_source),
            asked("later", "assert open('data.txt').read()[0] == '1'"),
        )
        assert marks(with_data(*cells)) == {"asks": 1.0, "later": 1.0}
        assert marks(with_data(*cells, work=work.replace("2 *", "3 *"))) == {"asks": 0.0, "later": 1.0}

    def test_a_module_stays(self, with_data):
        """Not under any name that Python imports."""
        test_source = (
            "import helper, os\nload()\nassert open('helper.py').read() == 'FACTOR = 2'\nassert helper.FACTOR == 2"
        )
        cells = solution("work", "def load():\n    pass"), asked("asks", test_source)
        forged = "def load():\n    open('helper.py', 'w').write('FACTOR = 3')"
        assert marks(with_data(*cells, work=forged)) == {"asks": 1.0}


class TestWhatASubmissionWrites:
    def seen(self, told: Told, work: str, name: str = "out.txt", more: str = "") -> bool:
        """Say whether the test finds a file of this name that the submission's cell makes."""
        test_source = f"import os\n{more}load()\nassert not os.path.lexists({name!r})"
        cells = solution("work", "def load():\n    pass"), asked("asks", test_source)
        return marks(told(*cells, work=f"import os\n{work}\ndef load():\n    pass")) == {"asks": 0.0}

    def test_a_plain_file_is_seen(self, told: Told):
        """Or the tests below would show nothing."""
        assert self.seen(told, "open('out.txt', 'w').write('x')")

    @pytest.mark.parametrize(
        "work",
        [
            "open('other.txt', 'w').write('x')",
            "os.symlink('/etc/passwd', 'out.txt')",
            "open('real.txt', 'w').write('x')\nos.symlink('real.txt', 'out.txt')",
            "os.mkfifo('out.txt')",
            "import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('out.txt')",
            "with open('out.txt', 'wb') as f:\n    f.truncate(17 * 2**20)",
        ],
        ids=["another", "out", "link", "pipe", "socket", "huge"],
    )
    def test_nothing_else_comes(self, told: Told, work):
        """No other name, no link wherever it leads, no device, nothing beyond the bounds."""
        assert not self.seen(told, work)

    @pytest.mark.parametrize(
        "name", ["json.py", "x.pkl", "x.so", "x.pth", ".hidden", "numpy", "sub/../x.txt", "matplotlibrc"]
    )
    def test_no_name_that_something_runs_comes(self, told: Told, name):
        """Though the test's own text names it."""
        work = f"os.makedirs('sub', exist_ok=True)\nopen({name!r}, 'w').write('raise SystemExit')"
        assert not self.seen(told, work, name)

    def test_links_on_the_way_are_not_followed(self, told: Told):
        """A folder that is a link leads nowhere."""
        work = "os.makedirs('real/deep')\nopen('real/deep/x.txt', 'w').close()\nos.symlink('real', 'sub')"
        assert not self.seen(told, work, "sub/deep/x.txt")

    @pytest.mark.parametrize("depth", [0, 1, 2])
    def test_a_temporary_folder_that_is_a_link_leads_nowhere(self, told: Told, depth):
        """Neither in the sandbox nor on the grader's machine, whichever folder on the way is one."""
        test_source = (
            "import os, tempfile\nfrom pathlib import Path\nd = tempfile.mkdtemp()\nsave(d)\n"
            "assert (Path(d) / 'passwd').exists() is HERE\nassert not (Path(d) / 'etc' / 'passwd').exists()"
        )
        work = "def save(folder):\n    open(folder + '/passwd', 'w').close()"
        forged = (
            "import os, shutil\ndef save(folder):\n    "
            f"for _ in range({depth}):\n        folder = os.path.dirname(folder)\n    "
            "shutil.rmtree(folder)\n    os.symlink('/etc' if os.path.basename(folder) != 'tmp' else '/', folder)"
        )
        assert marks(told(solution("work", work), asked("asks", test_source.replace("HERE", "True")))) == {"asks": 1.0}
        cells = solution("work", "def save(folder):\n    pass"), asked("asks", test_source.replace("HERE", "False"))
        assert marks(told(*cells, work=forged)) == {"asks": 1.0}

    @pytest.mark.parametrize("words", ["import pickle", "import subprocess", "eval('1')", "x = dict(allow_pickle=1)"])
    def test_nothing_comes_where_the_test_runs_what_it_reads(self, told: Told, words):
        """Its text says so."""
        assert not self.seen(told, "open('out.txt', 'w').write('x')", more=words + "\n")

    def test_many_files_are_few(self, told: Told):
        """A pattern of the test's takes so many and no more."""
        test_source = f"import glob\nsave()\nassert 0 < len(glob.glob('*.txt')) <= {MAX_FILES_BACK}"
        work = "def save():\n    for k in range(500):\n        open(f'{k}.txt', 'w').close()"
        cells = solution("work", "def save():\n    open('a.txt', 'w').close()"), asked("asks", test_source)
        assert marks(told(*cells, work=work)) == {"asks": 1.0}

    def test_no_pickle_is_read_where_a_file_came_back(self, told: Told):
        """Whoever does it, and however the word for it is hidden."""
        test_source = (
            "import os, sys\nload()\nread = sys.modules['pi' + 'ckle'].loads\n"
            "stolen = read(open('out.bin', 'rb').read())"
        )
        word = pickle.dumps(ast.literal_eval).hex()
        work = f"def load():\n    open('out.bin', 'wb').write(bytes.fromhex({word!r}))"
        cells = solution("work", work), asked("asks", test_source)
        result = told(*cells)
        assert marks(result) == {"asks": None}
        assert "no pickle is read" in result.cell("asks").staff

    def test_the_names_of_a_test_stay_unknown(self, told: Told):
        """A test that reads a file leaves no time on it by which a submission could learn the name."""
        work = "import os\nopen('out.txt', 'w').write('x')\nos.utime('out.txt', (1, 10**9))\n"
        work += "def load():\n    return os.stat('out.txt').st_atime"
        test_source = "import os\nassert os.path.exists('out.txt') and open('out.txt').read() == 'x' and load() == 1"
        assert marks(told(solution("work", work), asked("asks", test_source))) == {"asks": 1.0}

    def test_nothing_is_carried_where_the_text_is_not_about_files(self, told: Told):
        """Such tests work as before."""
        cells = solution("work", COUNT), asked("asks", "assert count.__name__ == 'count' and 'out.txt'")
        assert marks(told(*cells)) == {"asks": 1.0}


class TestNames:
    @pytest.mark.parametrize(
        "name", ["a.txt", "sub/b.csv", "my data (1).json", "results", "tmpab_c1x2/out.npy", "ä.TXT"]
    )
    def test_data_may_come_back(self, name):
        """Names of data, in folders too."""
        assert may_come_back(name)

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "/a.txt",
            "../a.txt",
            "a/../b.txt",
            "a//b.txt",
            "a.py",
            "a.pyc",
            "a.txt.so",
            "json",
            "numpy",
            "numpy/x.txt",
            ".x",
            "a\n.txt",
            "a\x00.txt",
            "x.ipynb",
            "x.pickle",
            "x.joblib",
            "x.pt",
            "a.",
            "setup.cfg",
            "a/" * 9 + "x.txt",
            "-x.txt",
        ],
    )
    def test_code_and_ways_out_may_not(self, name):
        """Nothing that is run, imported, unpickled, or lies elsewhere."""
        assert not may_come_back(name)

    def test_are_read_from_the_text(self):
        """Literals, with a star for what a format puts in."""
        text = "open('a.txt'); f'out_{k}.csv'; 'p%d.txt' % k; p.with_suffix('.log'); '../up'; f'{x}'; 'two\\nlines'"
        found = names_of_files(text)
        assert {"a.txt", "out_*.csv", "p*.txt", "*.log"} <= found
        assert not {"../up", "*", "two\nlines"} & found

    @pytest.mark.parametrize(
        "text", ["open('x')", "Path('x').read_text()", "np.load('x')", "df.to_csv('x')", "os.environ['X']", "%cd x"]
    )
    def test_a_text_about_files(self, text):
        """Words of Python's own and of libraries."""
        assert is_about_files(text)

    @pytest.mark.parametrize("text", ["assert f(1) == 2", "fig.open_it(1)", "x = reopen(2)", "model.load_state()"])
    def test_a_text_that_is_not(self, text):
        """Other words that look a little like it."""
        assert not is_about_files(text)

    def test_what_runs_what_it_reads(self):
        """A pattern is compiled, and a model set to evaluate, without harm."""
        assert all(
            map(runs_what_it_reads, ["exec(x)", "import pickle", "%run a", "!ls", "np.load(x, allow_pickle=True)"])
        )
        assert not any(map(runs_what_it_reads, ["re.compile('a')", "model.eval()", "open('a').read()"]))


class TestTree:
    def test_goes_back(self, tmp_path):
        """New files go, changed ones hold what they held, and removed ones are there again."""
        (tmp_path / "sub").mkdir()
        (tmp_path / "a.txt").write_text("a")
        (tmp_path / "sub" / "b.txt").write_text("b")
        tree = Tree(tmp_path)
        former = tree.look()
        (tmp_path / "a.txt").write_text("x")
        (tmp_path / "sub" / "b.txt").unlink()
        (tmp_path / "sub").rmdir()
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "c.txt").write_text("c")
        tree.put_back(former)
        assert tree.look() == former == {"a.txt": b"a", "sub": None, "sub/b.txt": b"b"}

    def test_sees_a_change_in_the_same_moment(self, tmp_path):
        """Two contents of one length, written one after the other, are two."""
        tree = Tree(tmp_path)
        for k in range(50):
            (tmp_path / "a").write_text(str(k % 10))
            assert tree.look() == {"a": str(k % 10).encode()}

    def test_follows_no_link(self, tmp_path):
        """Neither to read nor to write, whether the last name or one on the way."""
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "x").write_text("kept")
        place = tmp_path / "in"
        place.mkdir()
        (place / "link").symlink_to(tmp_path / "out")
        (place / "x").symlink_to(tmp_path / "out" / "x")
        tree = Tree(place)
        assert (tree.look(), tree.read("x"), tree.read("link/x")) == ({}, None, None)
        tree.write("x", b"lost")
        tree.remove("x")
        with pytest.raises(NotADirectoryError):
            tree.make("link/y")
        assert ((tmp_path / "out" / "x").read_text(), (place / "x").is_symlink()) == ("kept", True)

    def test_a_test_that_replaces_open_changes_nothing(self, tmp_path, monkeypatch):
        """The judge's own reading goes another way."""
        monkeypatch.setattr("builtins.open", lambda *_: io.StringIO("mock"))
        Tree(tmp_path).write("x", b"real")
        assert Tree(tmp_path).read("x") == b"real"


SETUP_WRITES = graded_cell("setup", "open('given.txt', 'w').write('1')", locked=True)


def test_what_a_set_up_cell_wrote_is_there_for_all(told: Told):
    """It runs at both ends; the names of locked cells are names that a test may use."""
    cells = (
        SETUP_WRITES,
        solution("work", COUNT),
        asked("asks", "assert count('given.txt') == 1 == len(open('given.txt').read())"),
    )
    assert marks(told(*cells)) == {"asks": 1.0}
