"""When something was handed in: the text of a timestamp.txt as a moment, or a reason why it is none.

nbgrader reads an abbreviation that it does not know, CEST or PDT, as if it were UTC, "+0200" as
200 seconds, and fills in from today what is missing. Here a zone is read as the exchange
that wrote it meant it, and what can be read in two ways is not read. It does not say
who is late.
"""

import functools
import re
import warnings
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from dateutil import parser  # type: ignore[import-untyped]

DEFAULT_FORMAT = "%Y-%m-%d %H:%M:%S.%f %Z"
# What nearly every timestamp is: no more is looked at than that.
_PLAIN = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?) ?(UTC|GMT|Z|[+-]\d\d:?\d\d)")
# As learning platforms name files: 2026-11-20-10-00-00.
_DASHES = re.compile(r"(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)-(\d\d)")
# In JavaScript's dates GMT+0200 is two hours ahead; dateutil takes it for POSIX's, which is behind.
_AHEAD = re.compile(r"\b(?:GMT|UTC)\s?(?=[+-]\d)")
_POSIX = re.compile(r"[A-Za-z]{3,}[+-]\d")
_UTC = ("UTC", "GMT", "Z")


def moment(text: str, zone: str = "UTC", written: str = DEFAULT_FORMAT) -> datetime:
    """Return a timestamp as UTC, without a zone, as the grade book keeps it; a text that names no zone means UTC.

    Args:
        zone: nbgrader's Exchange.timezone, in which the exchange wrote; written: its Exchange.timestamp_format.

    Raises:
        ValueError: it is no moment, or more than one; the message says why.
    """
    text = " ".join(text.split())
    found = _PLAIN.fullmatch(text)
    if found is not None:
        offset = "+00:00" if found[3] in _UTC else found[3]
        return _as_utc(datetime.fromisoformat(f"{found[1]}T{found[2]}{offset}"))
    if "%z" not in written.lower():
        try:
            return _as_utc(datetime.strptime(text, written).replace(tzinfo=_zone(zone)))
        except ValueError:  # something else wrote it
            pass
    text = _DASHES.sub(r"\1 \2:\3:\4", text)
    head, _, name = text.rpartition(" ")
    if "/" in name and (place := _zone(name)) is not None:
        return _as_utc(_parsed(head, zone).replace(tzinfo=place))
    return _as_utc(_parsed(text, zone))


def _parsed(text: str, zone: str) -> datetime:
    text = _AHEAD.sub("", text)
    if _POSIX.search(text):
        raise ValueError("a zone and an offset in one can be read in two ways")
    one: datetime
    names: list[str] = []

    def named(name: str | None, offset: int | None) -> tzinfo | None:
        if offset is not None:
            return _fixed(offset)
        if name is not None:
            names.append(name)
        return None

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", parser.UnknownTimezoneWarning)
            # What is missing is filled in from a default; two of them tell.
            one, other = (
                parser.parse(text, tzinfos=named, default=datetime(*filling))
                for filling in ((2000, 1, 1, 0, 0), (2004, 2, 2, 1, 1))
            )
    except (OverflowError, TypeError, AttributeError, parser.ParserError) as error:
        raise ValueError(f"it is no date and time ({str(error)[:80]})") from None
    if one != other:
        raise ValueError("it lacks a part of the date or the time of day")
    return one.replace(tzinfo=_of_name(names[0], one, zone)) if names else one


def _fixed(offset: int) -> tzinfo:
    return timezone(timedelta(seconds=offset))


def _of_name(name: str, when: datetime, zone: str) -> tzinfo:
    """Return the zone that an abbreviation means at a time: the exchange's own, or the only one there is."""
    place = _zone(zone)
    if place is not None:
        for fold in (0, 1):
            here = when.replace(tzinfo=place, fold=fold)
            if here.tzname() == name:
                return _fixed(int(here.utcoffset().total_seconds()))  # type: ignore[union-attr]
    found = _offsets(name, when.year)
    if len(found) != 1:
        what = "is no time zone that is known" if not found else "stands for more than one time zone"
        raise ValueError(f"{name[:20]} {what}; set c.Exchange.timezone to the one that it was written in")
    return _fixed(next(iter(found)))


@functools.lru_cache(maxsize=64)
def _offsets(name: str, year: int) -> frozenset[int]:
    """Return what an abbreviation means anywhere in a year, as seconds ahead of UTC."""
    found = set()
    for key in available_timezones():
        place = _zone(key)
        for month in range(1, 13):
            here = datetime(year, month, 15, 12, tzinfo=place)
            if place is not None and here.tzname() == name:
                found.add(int(here.utcoffset().total_seconds()))  # type: ignore[union-attr]
    return frozenset(found)


@functools.lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _as_utc(when: datetime) -> datetime:
    try:
        return when if when.tzinfo is None else when.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError("it is out of the range of dates") from None
