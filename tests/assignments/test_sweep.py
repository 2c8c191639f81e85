"""No test of the course gives a point to a submission of which nothing is left but the names."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from kernelmark.records import SubmissionResult
from tests.hollow import ASSIGNMENTS, HABITS, Refusals, earned, grade, hollow, write

# Each takes a second or two, and no other finds what these find; `make test-all` tries them all.
QUICK = ("zeroes_and_returns_the_right_form",)
TRIED = [
    pytest.param(assignment, habit, marks=() if habit in QUICK else pytest.mark.slow, id=f"{assignment}-{habit}")
    for assignment in ASSIGNMENTS
    for habit in HABITS
]


@pytest.fixture(scope="module")
def swept(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], SubmissionResult]:
    """The hollow submissions that were asked for, two at a time."""
    root = tmp_path_factory.mktemp("hollow")
    # Other files have parameters of these names too.
    items = [
        item for item in request.session.items if getattr(item, "originalname", "") == test_gives_no_point.__name__
    ]
    wanted = [(item.callspec.params["assignment"], item.callspec.params["habit"]) for item in items]
    for one in wanted:  # before any thread: the tree of a notebook is built by one thread at a time
        write(*one, root)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(wanted, pool.map(lambda one: grade(*one, root), wanted), strict=True))


@pytest.mark.parametrize(("assignment", "habit"), TRIED)
def test_gives_no_point(swept: dict[tuple[str, str], SubmissionResult], assignment: str, habit: str):
    """Every test asks for something that only work can give, and none is left undecided."""
    assert earned(swept[assignment, habit]) == {}


class TestHollowSubmissions:
    """The sweep itself must work: a solution that stayed whole, or was no Python, would prove nothing."""

    @pytest.mark.parametrize("habit", HABITS)
    def test_keep_the_names_and_nothing_else(self, habit: str):
        """A function and a method answer by the habit; the zeroing ones overwrite what they are given."""
        source = "def double(x): return 2 * x\nclass Box:\n    def get(self, x): return x + 1"
        names: dict = {}
        exec(hollow(source, habit, Refusals(())), names)
        np = names["_np"]
        given = np.ones(3)
        if habit.startswith("raises"):
            with pytest.raises(ValueError, match="3,"):
                names["double"](given)
            return
        answer = names["double"](given)
        assert not (isinstance(answer, np.ndarray) and answer.size and answer[0] == 2)
        assert (given[0] == 0) == habit.startswith("zeroes")
        if habit == "zeroes_and_returns_the_right_form":
            assert answer.shape == (3,)
        names["Box"]().get(given)

    def test_raise_what_the_visible_tests_look_for(self):
        """The type by the function that the block calls, and words that every pattern is found in."""
        test = (
            'with raises(TypeError, match="2, 3.*4, 5"):\n    f(1)\n'
            "### BEGIN HIDDEN TESTS\nwith raises(KeyError, match='secret'):\n    f(2)\n### END HIDDEN TESTS\n"
        )
        refusals = Refusals([test])
        assert refusals.kinds("f") == ["TypeError"]
        assert refusals.kinds("g") == ["ValueError"]
        assert refusals.words == "2, 3 4, 5"
