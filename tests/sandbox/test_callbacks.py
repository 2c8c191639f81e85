"""What a test hands out and keeps: submitted code cannot fill the grader's memory with it, nor read names in it."""

import numpy as np
import pytest

from kernelmark.errors import SubmissionLost
from kernelmark.referee.session import Session
from kernelmark.sandbox import memory
from kernelmark.sandbox.limits import Limits
from kernelmark.wire.proxy import Proxy

LIMITS = Limits(memory_bytes=192 * 2**20, cell_s=20.0)
# What the grader may hold more with these limits, and half of it.
ROOM_BYTES = 2 * LIMITS.memory_bytes
PIECE = 4 * 2**20


@pytest.fixture
def session():
    """A session whose functions call what they are given, in a grader that holds no more than when it began."""
    memory.first_bytes.cache_clear()
    begun = Session(LIMITS)
    begun.run(
        "import itertools\n"
        "import numpy as np\n"
        f"def endless():\n    return (np.zeros({PIECE}) for _ in itertools.count())\n"
        f"def hand_over(keep):\n    for _ in range(100):\n        keep(np.zeros({PIECE}))\n"
        "def ask(function, *args):\n    return function(*args)\n"
    )
    yield begun
    begun.close()


def remote(session, name):
    """Return the proxy of a function of the session."""
    return Proxy(session.line, {"n": name}, name)


class TestTheGradersMemory:
    def test_is_not_filled_by_a_list_without_end(self, session):
        """A test may make a list of what comes back; what goes on coming ends its own process."""
        with pytest.raises(SubmissionLost, match="more than it can hold"):
            list(remote(session, "endless")())

    def test_is_not_filled_by_what_a_function_of_the_test_keeps(self, session):
        """A test may note what its function was called with."""
        kept = []
        with pytest.raises(Exception, match=r"[Mm]emory|can hold|Unable to allocate"):
            remote(session, "hand_over")(kept.append)
        # A worker of the tests may have free memory from before, which what is kept fills first.
        assert memory.own_bytes() <= memory.first_bytes() + ROOM_BYTES
        assert sum(array.nbytes for array in kept) > 0

    def test_is_not_filled_by_what_a_function_of_the_test_makes(self, session):
        """A test may multiply; the call that asks for too much fails, and the process can go on."""
        with pytest.raises(MemoryError, match="memory_limit_bytes"):
            remote(session, "ask")(lambda a, b: a * b, "x", 2 * ROOM_BYTES)
        assert remote(session, "ask")(lambda a, b: a * b, 6, 7) == 42

    def test_has_room_for_what_tests_do(self, session):
        """A value of half of a process's memory may be kept."""
        kept = []
        remote(session, "ask")(kept.append, np.zeros(PIECE))
        assert kept[0].nbytes == 8 * PIECE


class TestMessages:
    @pytest.mark.parametrize("arguments", [(), (1, 2)])
    def test_do_not_name_what_stands_in_a_test(self, session, arguments):
        """A function of a test that is called with other arguments than it takes says no name of theirs."""

        def hidden_function(hidden_argument):
            return hidden_argument

        with pytest.raises(Exception, match="takes other arguments") as caught:
            remote(session, "ask")(hidden_function, *arguments)
        assert "hidden_" not in str(caught.value)

    def test_of_the_functions_own_errors_arrive(self, session):
        """What a function of a test raises by itself is for the one who called it."""

        def picky(number):
            raise ValueError(f"{number} is odd")

        with pytest.raises(Exception, match="3 is odd"):
            remote(session, "ask")(picky, 3)
