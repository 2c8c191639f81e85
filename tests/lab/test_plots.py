"""What the figures promise: units on the axes, every thing named in words, and no number that has no place."""

import matplotlib
import pytest

from kernelmark.lab import roofline_plot, staircase_plot, timings_plot


@pytest.fixture(autouse=True)
def no_window():
    """Draw into memory, and leave no figure open."""
    former = matplotlib.get_backend()
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")
    matplotlib.use(former)


def legend_of(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


NO_PLACE = [(0, 1e9, (1, 1)), (1e9, -1, (1, 1)), (1e9, 1e9, (0, 1)), (1e9, 1e9, (1, [1, 0]))]


class TestRoofline:
    def test_names_each_point_with_its_rate_and_its_share(self):
        """The share is of the roof at that intensity; of several rates the best counts."""
        points = {"triad": (1 / 12, 1.0e9), "matmul": (100.0, [50e9, 80e9])}
        axes = roofline_plot(100e9, 24e9, points, title="a machine")
        assert legend_of(axes) == [
            "triad: 1 GFLOP/s, 50% of its roof",
            "matmul: 80 GFLOP/s, 80% of its roof",
        ]
        assert "FLOP/byte" in axes.get_xlabel()
        assert axes.get_ylabel() == "GFLOP/s"
        assert axes.get_title() == "a machine"
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")

    def test_tells_points_apart_without_colour(self):
        """Each has a marker of its own."""
        axes = roofline_plot(1e11, 1e10, {name: (1.0, 1e9) for name in "abc"})
        markers = [line.get_marker() for line in axes.get_lines() if not line.get_label().startswith("_")]
        assert len(set(markers)) == 3

    def test_shows_points_wherever_they_lie(self):
        """Far left, far right, far below and above the roof, all are inside the axes."""
        points = {"slow": (1e-3, 1e3), "fast": (1e4, 2e11), "scalar": (1, 10**9)}
        axes = roofline_plot(1e11, 1e10, points)
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        for at, rate in points.values():
            assert left < at < right
            assert low < rate / 1e9 < high

    def test_draws_an_empty_roof_on_given_axes(self, no_window):
        """No points, no legend."""
        given = no_window.subplots()[1]
        assert roofline_plot(1e11, 1e10, {}, axes=given) is given
        assert given.get_legend() is None

    @pytest.mark.parametrize(("peak", "bandwidth", "point"), NO_PLACE)
    def test_refuses_what_has_no_place_on_a_logarithmic_axis(self, peak, bandwidth, point):
        """Zero and below."""
        with pytest.raises(ValueError, match="positive"):
            roofline_plot(peak, bandwidth, {"x": point})


class TestStaircase:
    def test_draws_claims_and_findings(self):
        """Dashed lines with names for the claims, triangles for the steps found."""
        sizes = [2**k for k in range(12, 22)]
        seconds = [1e-9] * 4 + [4e-9] * 6
        axes = staircase_plot(sizes, seconds, caches={"L1d": 2**15, "L3": 2**30}, steps=[2**15], title="t")
        assert [text.get_text() for text in axes.texts] == ["L1d 32 KB"]
        assert legend_of(axes) == ["last size before a jump"]
        assert "bytes" in axes.get_xlabel()
        assert "nanoseconds" in axes.get_ylabel()
        assert "4 KB" in [label.get_text() for label in axes.get_xticklabels()]

    def test_needs_neither(self):
        """A bare curve has no legend."""
        assert staircase_plot([4096, 8192], [1e-9, 2e-9]).get_legend() is None


class TestTimings:
    def test_shows_every_run_in_the_unit_asked_for(self):
        """Two runs of 1 and 3 ms lie at 1000 and 3000 us."""
        axes = timings_plot({"a": [1e-3, 3e-3], "b": [2e-3]}, unit="us")
        assert sorted(axes.get_lines()[0].get_xdata()) == [1000, 3000]
        assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
        assert axes.get_xlabel().startswith("us")
        assert sorted(legend_of(axes)) == ["median", "quickest"]

    @pytest.mark.parametrize(("timings", "unit"), [({"a": [1.0]}, "hours"), ({}, "ms"), ({"a": []}, "ms")])
    def test_refuses_an_unknown_unit_and_nothing(self, timings, unit):
        """There would be nothing to read."""
        with pytest.raises(ValueError, match="unit"):
            timings_plot(timings, unit=unit)
