"""The picture of a verdict: readable words, well-formed drawing, nothing that bites its reader."""

import random
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from kernelmark.records import Pair
from kernelmark.stopwatch.picture import (
    WIDTH_PX,
    alternative,
    as_html,
    as_svg,
    as_text,
    clock_of,
    earned,
    headline,
    steps_in_words,
)
from kernelmark.stopwatch.stats import decide

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    '"/><image href=\'http://evil.example/x\' onload="alert(1)"/>',
    "]]> & &amp; <!-- --> <?php ?>",
    "a' onmouseover='alert(1)",
]


def verdict(ratio=2.0, n=11, steps=None, *, candidate="blocked_matmul", baseline="naive_matmul", where="", wall=None):
    """Return the verdict on n slightly noisy pairs of the given ratio."""
    rng = random.Random(5)
    pairs = []
    for _ in range(n):
        mine, ours = 0.002 * (1 + 0.02 * rng.random()), 0.002 * ratio * (1 + 0.02 * rng.random())
        pairs.append(Pair(mine, ours, mine * (wall or 1.0), ours))
    return decide(pairs, steps or {1.0: 1, 1.5: 4}, candidate=candidate, baseline=baseline, where=where)


ALL = {
    "pass": verdict(),
    "fail": verdict(0.5),
    "partial": verdict(1.2),
    "inconclusive": verdict(wall=9.0),
    "one pair": verdict(n=1),
    "forty pairs": verdict(n=40),
    "one step": verdict(steps={1.5: 4}),
    "six steps": verdict(steps={1.5**i: i + 1 for i in range(6)}),
    "far apart": verdict(ratio=5000.0, steps={0.01: 1, 100.0: 4}),
    "equal": decide([Pair(1.0, 1.0, 1.0, 1.0)] * 11, {1.0: 4}, candidate="a", baseline="b"),
}


@pytest.fixture(params=ALL, ids=str)
def any_verdict(request):
    return ALL[request.param]


class TestText:
    @pytest.mark.parametrize(
        ("name", "word"),
        [("pass", "PASS"), ("fail", "NOT YET"), ("partial", "PARTLY"), ("inconclusive", "INCONCLUSIVE")],
    )
    def test_begins_with_the_verdict_in_a_word(self, name, word):
        """Whoever reads only the beginning knows the outcome."""
        assert as_text(ALL[name]).startswith(f"{word}: ")

    def test_has_a_row_for_every_step(self, any_verdict):
        """Each step shows its threshold, its points and its outcome in words."""
        rows = [line for line in as_text(any_verdict).splitlines() if "| " in line and "one pair" not in line]
        assert [row.partition("| ")[2] for row in rows] == steps_in_words(any_verdict)

    def test_marks_the_estimate_once(self, any_verdict):
        """One O among the dots."""
        lines = as_text(any_verdict).splitlines()
        row = lines[next(i for i, line in enumerate(lines) if "O the estimate" in line) - 1]
        assert row.count("O") == 1

    def test_estimate_stands_right_of_the_steps_it_passed(self):
        """The axis runs from slow to fast, on one scale for steps and pairs."""
        lines = as_text(ALL["partial"]).splitlines()
        low, high = (line.index("|") for line in lines if "| 1" in line)
        row = lines[next(i for i, line in enumerate(lines) if "O the estimate" in line) - 1]
        assert low < row.index("O") < high

    def test_fits_a_terminal_of_80_columns_indented(self, any_verdict):
        """`kernelmark check` sets it in by six."""
        assert max(map(len, as_text(any_verdict).splitlines())) <= 80 - 6

    def test_says_how_much_it_can_be_trusted(self, any_verdict):
        """The number of pairs, whether they settled, and where it was measured."""
        said = " ".join(as_text(any_verdict).split())
        assert f"{len(any_verdict.pairs)} pairs" in said
        assert ("pairs agree on" in said) == any_verdict.converged

    def test_says_where_it_was_measured(self):
        """At a desk or by the grader is part of the text."""
        assert "at your desk" in as_text(verdict(where="at your desk"))


class TestWords:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("pass", "passed, 4 of 4 points"),
            ("partial", "partly, 1 of 4 points"),
            ("fail", "failed, 0 of 4 points"),
            ("inconclusive", "not decided: run it again where little else runs, or leave it to the grader"),
        ],
    )
    def test_points_in_words(self, name, words):
        """Part of the points is neither passed nor failed."""
        assert earned(ALL[name]) == words

    def test_alternative_says_ratio_lines_and_verdict(self, any_verdict):
        """Whoever hears the picture knows what it shows."""
        said = alternative(any_verdict)
        assert f"{any_verdict.candidate} is " in said
        assert all(words in said for words in steps_in_words(any_verdict))
        assert said.endswith(f"{headline(any_verdict).partition(':')[0]}, {earned(any_verdict)}.")
        for drawn in (as_html(any_verdict), as_svg(any_verdict)):
            (picture,) = [e for e in ElementTree.fromstring(drawn).iter() if e.get("role") == "img"]
            assert picture.get("aria-label") == said


@pytest.fixture(params=[as_svg, as_html], ids=["svg", "html"])
def drawn(request):
    return request.param


class TestDrawing:
    def test_is_well_formed(self, any_verdict, drawn):
        """A browser and an XML reader accept it."""
        assert ElementTree.fromstring(drawn(any_verdict)).tag in (f"{SVG}svg", "figure")

    def test_shows_every_pair_and_every_step(self, any_verdict, drawn):
        """One ring a pair, one dashed line a step, one diamond."""
        root = ElementTree.fromstring(drawn(any_verdict))
        assert len(list(root.iter(f"{SVG}circle"))) == len(any_verdict.pairs)
        assert len([e for e in root.iter(f"{SVG}line") if "stroke-dasharray" in e.attrib]) == len(any_verdict.steps)
        assert len(list(root.iter(f"{SVG}path"))) == 1

    def test_stays_on_its_canvas(self, any_verdict, drawn):
        """Nothing is drawn outside, however far apart the values are; what is drawn lies across by its part of it."""
        for element in ElementTree.fromstring(drawn(any_verdict)).iter():
            for name in ("x", "x1", "cx"):
                if element.get(name, "").endswith("%"):
                    assert 0 <= float(element.get(name)[:-1]) <= 100
                else:
                    assert 0 <= float(element.get(name, 0)) <= WIDTH_PX

    def test_numbers_do_not_lie_on_each_other(self, any_verdict, drawn):
        """At 390 pixels 9 % are 31, and the longest number takes no more; steps that are close stand in rows."""
        places = [
            (float(e.get("x")[:-1]), e.get("y"))
            for e in ElementTree.fromstring(drawn(any_verdict)).iter(f"{SVG}text")
            if e.get("text-anchor") == "middle"
        ]
        assert all(a[1] != b[1] or abs(a[0] - b[0]) >= 9 for i, a in enumerate(places) for b in places[:i])

    def test_has_some_ticks_and_not_too_many(self, any_verdict, drawn):
        """An axis that can be read: no more than ten numbers under it."""
        ticks = [e for e in ElementTree.fromstring(drawn(any_verdict)).iter(f"{SVG}text") if e.get("class") == "tick"]
        assert 1 <= len(ticks) <= 10

    def test_takes_the_colour_that_it_finds(self, any_verdict):
        """In HTML no colour is named, so that dark pages show it as light ones do."""
        assert {
            value
            for e in ElementTree.fromstring(as_html(any_verdict)).iter()
            for name, value in e.attrib.items()
            if name in ("fill", "stroke", "color")
        } <= {"currentColor", "none"}
        assert "color" not in "".join(e.get("style", "") for e in ElementTree.fromstring(as_html(any_verdict)).iter())


class TestSvg:
    def test_says_the_verdict_in_words(self, any_verdict):
        """Read aloud, without any colour, it says the same as the text."""
        root = ElementTree.fromstring(as_svg(any_verdict))
        assert root.find(f"{SVG}title").text == headline(any_verdict)
        said = " ".join(e.text for e in root.findall(f"{SVG}text"))
        assert all(words in said for words in steps_in_words(any_verdict))

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_name_is_only_text(self, name, drawn):
        """Names come from notebooks: none becomes an element, an attribute or a link."""
        plain, hostile = (ElementTree.fromstring(drawn(verdict(candidate=n, baseline=n, where=n))) for n in ("f", name))
        assert {(e.tag, *sorted(e.attrib)) for e in hostile.iter()} == {
            (e.tag, *sorted(e.attrib)) for e in plain.iter()
        }
        assert any(name in (e.text or "") for e in hostile.iter())

    def test_has_no_script_and_loads_nothing(self, any_verdict):
        """It opens in formgrader beside the instructor's own session."""
        allowed = {"svg", "title", "rect", "line", "text", "circle", "path", "figure", "p", "strong", "ul", "li"}
        for picture in (as_svg(any_verdict), as_html(any_verdict)):
            for element in ElementTree.fromstring(picture).iter():
                assert element.tag.removeprefix(SVG) in allowed | {"figcaption"}
                assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
            assert "url(" not in picture


class TestClock:
    def test_wall_time_that_stood_in_is_called_wall_time(self):
        """Where no pair tells the two clocks apart, as at a desk whose CPU clock is too coarse, the caption says so."""
        assert clock_of(ALL["equal"]) == "wall time"
        assert "on wall time" in as_svg(ALL["equal"])

    def test_everything_else_is_cpu_time(self, any_verdict):
        """One pair whose clocks differ is enough."""
        pairs = (*any_verdict.pairs, Pair(0.002, 0.004, 0.0021, 0.004))
        assert clock_of(replace(any_verdict, pairs=pairs)) == "CPU time"
