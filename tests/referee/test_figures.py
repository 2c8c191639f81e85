"""Figures: a test asks pyplot, axes and lines for what the solution drew, as at a desk, and nobody else's picture."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kernelmark.records import SubmissionResult
from tests import desk
from tests.small_course import asked, marks, notebook_of, solution

pytest.importorskip("matplotlib")
Told = Callable[..., SubmissionResult]
RIGHT = """
import matplotlib.pyplot as plt
import numpy as np
def line(x, y):
    fig, ax = plt.subplots()
    ax.plot(x, y, 'r--', label='data')
    ax.set(xlabel='time [s]', title='Title')
    ax.legend()
    return fig, ax
def bars(names, heights):
    ax = plt.subplots()[1]
    ax.bar(names, heights, color='g')
    return ax
def draw(x, y):
    plt.figure()
    plt.plot(x, y)
    plt.title('T')
def shows(x):
    plt.plot(x)
    plt.show()
def both(v):
    fig, (left, right) = plt.subplots(1, 2)
    left.hist(v, bins=4)
    right.scatter(v, v)
    right.set_yscale('log')
def decorate(ax):
    ax.plot([1, 2])
    ax.set_title('decorated')
def picture(a): return plt.figure().add_subplot().imshow(a, cmap='gray').axes
"""
WRONG = """
import matplotlib.pyplot as plt
def line(x, y):
    fig, ax = plt.subplots()
    ax.plot(y, x)
    return ax, fig
def bars(names, heights):
    fig, ax = plt.subplots()
    ax.bar(names[::-1], heights)
    return ax
def draw(x, y): pass
def shows(x): pass
def both(v): plt.figure()
def decorate(ax): ax.set_title('decoration')
def picture(a): return plt.subplots()[1]
"""
SAID = {
    "labels": "fig, ax = line([1, 2], [3, 4])\nassert 'time' in ax.get_xlabel() and ax.title.get_text() == 'Title'\n"
    "assert [t.get_text() for t in ax.get_legend().get_texts()] == ['data']",
    "lines": "fig, ax = line([1, 2], [3, 4])\nassert len(ax.lines) == 1 and ax.lines[0].get_linestyle() == '--'\n"
    "np.testing.assert_allclose(ax.lines[0].get_xydata(), [[1, 3], [2, 4]])",
    "classes": "import matplotlib\nfig, ax = line([1, 2], [3, 4])\nassert isinstance(fig, plt.Figure)\n"
    "assert isinstance(ax, matplotlib.axes.Axes) and not isinstance(ax, (plt.Figure, int, list))",
    "bars": "ax = bars(['a', 'b'], [1, 2])\nassert [p.get_height() for p in ax.patches] == [1, 2]\n"
    "assert [t.get_text() for t in ax.get_xticklabels()] == ['a', 'b'] and isinstance(ax, plt.Axes)",
    "current": "draw([1, 2], [3, 4])\nax = plt.gca()\nassert ax.get_title() == 'T' and len(ax.lines) == 1\n"
    "assert list(ax.lines[0].get_ydata()) == [3, 4]\nplt.close()",
    "current_again": "draw([1, 2], [5, 6])\nassert plt.gcf().axes[0].get_title() == 'T'\n"
    "assert plt.get_fignums() == [1]",
    "two": "both([1, 2, 3, 4])\nleft, right = plt.gcf().axes\nassert len(left.patches) == 4\n"
    "assert right.get_yscale() == 'log'\n"
    "assert right.collections[0].get_offsets().shape == (4, 2)",
    "handed_over": "fig, ax = plt.subplots()\ndecorate(ax)\n"
    "assert ax.get_title() == 'decorated' and len(ax.lines) == 1",
    "image": "ax = picture(np.eye(2))\nassert (ax.images[0].get_array() == np.eye(2)).all()\n"
    "assert ax.images[0].get_cmap().name == 'gray'",
    "not_shown": "with mock.patch('matplotlib.pyplot.show') as shown:\n    shows([1, 2])\nshown.assert_called_once()",
}
SETUP = "from unittest import mock\nimport matplotlib.pyplot as plt\nimport numpy as np"


def test_as_at_a_desk(tmp_path: Path):
    """What tests ask of figures, by the course's own solution and by work that draws something else, or nothing."""
    tests = [asked(name, f"{SETUP}\n{text}") for name, text in SAID.items()]
    own, wrong = (notebook_of(solution("work", text), *tests) for text in (RIGHT, WRONG))
    assert desk.compared(own, wrong, tmp_path) == []


class TestAttacks:
    @pytest.mark.parametrize(
        ("right", "test_source", "submitted"),
        [
            (
                "def area(r): return 3 * r",
                "import matplotlib.axes\nassert area(2) == 6",
                "class Axes:\n    def __eq__(self, _): return True\n"
                "Axes.__module__ = 'matplotlib.axes._axes'\ndef area(r): return Axes()",
            ),
            (
                "def area(r): return 3 * r",
                "import matplotlib.pyplot as plt\nassert not isinstance(area(2), plt.Axes)",
                "import matplotlib.pyplot as plt\ndef area(r): return plt.subplots()[1]",
            ),
            (
                RIGHT,
                "import matplotlib.pyplot as plt\ndraw([1, 2], [3, 4])\nassert plt.gca().get_title() == 'T'\n"
                "draw([1, 2], [5, 6])\nassert list(plt.gca().lines[0].get_ydata()) == [5, 6]",
                "import matplotlib.pyplot as plt\nclass Yes:\n    def __eq__(self, _): return True\n"
                "    def __getattr__(self, n): return lambda *_: Yes()\n    def __iter__(self): return iter([5, 6])\n"
                "plt.gca = lambda: Yes()\ndef draw(x, y): pass",
            ),
        ],
        ids=["in the place of a number", "is of no class there", "a pyplot of its own"],
    )
    def test_an_object_says_yes_to_nothing(self, told: Told, right, test_source, submitted):
        """An object that calls itself by a library's name stands for a value no better than any other."""
        cells = solution("work", right), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        assert marks(told(*cells, work=submitted)) == {"asks": 0.0}

    def test_a_picture_that_a_test_draws_is_not_seen(self, told: Told):
        """What is right is drawn by the test, with its own pyplot: the submission hands over what is there."""
        test_source = (
            "import matplotlib.pyplot as plt\nright = plt.figure()\nplt.plot([1, 2], [3, 7])\n"
            "fig = line([1, 2], [3, 7])[0]\n"
            "assert list(fig.axes[0].lines[0].get_ydata()) == list(right.axes[0].lines[0].get_ydata())"
        )
        cells = solution("work", RIGHT), asked("asks", test_source)
        assert marks(told(*cells)) == {"asks": 1.0}
        peeks = "import matplotlib.pyplot as plt\ndef line(x, y):\n    return plt.gcf(), plt.gca()"
        assert marks(told(*cells, work=peeks)) == {"asks": 0.0}

    def test_a_figure_of_an_earlier_test_is_no_answer(self, told: Told):
        """Where nothing was drawn, pyplot has no figure; the one that an earlier test asked for is gone."""
        early = asked(
            "early", "import matplotlib.pyplot as plt\ndraw([1, 2], [3, 4])\nassert plt.gca().get_title() == 'T'"
        )
        late = asked("late", "import matplotlib.pyplot as plt\ndraw([9], [9])\nassert plt.gca().get_title() == 'T'")
        cells = solution("work", RIGHT), early, late
        assert marks(told(*cells)) == {"early": 1.0, "late": 1.0}
        once = RIGHT.replace("    plt.figure()\n", "    if x == [9]: return\n    plt.figure()\n")
        assert marks(told(*cells, work=once)) == {"early": 1.0, "late": 0.0}
