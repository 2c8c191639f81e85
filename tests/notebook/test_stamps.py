"""When something was handed in: zones as the exchange writes them, and what cannot be read."""

from datetime import datetime

import pytest

from kernelmark.notebook.stamps import moment


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-07-02 01:30:00.000000 CEST", "2025-07-01 23:30:00"),
        ("2025-07-01 18:00:00 PDT", "2025-07-02 01:00:00"),
        ("2025-07-02 01:30:00 +0200", "2025-07-01 23:30:00"),
        ("2025-07-02 01:30:00 -03", "2025-07-02 04:30:00"),
        ("2025-07-02T01:30:00+05:30", "2025-07-01 20:00:00"),
        ("Wed Jul 02 2025 01:30:00 GMT+0200 (CEST)", "2025-07-01 23:30:00"),
        ("2025-07-02 01:30:00 Europe/Berlin", "2025-07-01 23:30:00"),
        ("07/02/2025 11:59 PM", "2025-07-02 23:59:00"),
        ("2026-11-20-10-00-00", "2026-11-20 10:00:00"),
        ("2025-07-02 01:30:00", "2025-07-02 01:30:00"),
    ],
)
def test_zones_are_read(text: str, utc: str):
    """Abbreviations that mean one zone, offsets of every form, and UTC where nothing is said."""
    assert moment(text) == datetime.fromisoformat(utc)


def test_the_exchanges_own_zone_decides_what_an_abbreviation_means():
    """CST is Chicago's, Shanghai's and Havana's; the hour that comes twice in autumn is told by its name."""
    assert moment("2025-07-02 01:30:00.5 CST", "Asia/Shanghai") == datetime(2025, 7, 1, 17, 30, 0, 500_000)
    assert moment("2025-10-26 02:30:00 CET", "Europe/Berlin") == datetime(2025, 10, 26, 1, 30)
    assert moment("2025-10-26 02:30:00 CEST", "Europe/Berlin") == datetime(2025, 10, 26, 0, 30)
    plain = "%Y-%m-%d %H:%M:%S"
    assert moment("2025-07-02 01:30:00", "Europe/Berlin", plain) == datetime(2025, 7, 1, 23, 30)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "10", "Monday", "2025-07-02", "2025-07-02 25:00:00", "1751412600", "2025-07-02 01:30:00 XYZ"),
        *("2025-07-02 01:30:00 CST", "2025-07-02 01:30:00 EST+5", "9999-12-31 23:59:59 -0500"),
    ],
)
def test_what_is_no_moment_or_two_is_not_read(text: str):
    """Nothing is filled in from today, and no zone is guessed."""
    with pytest.raises(ValueError, match=r"it |zone"):
        moment(text)
