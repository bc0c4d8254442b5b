"""Points in time: UTC as integer microseconds since 1970, and their written forms."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def now() -> int:
    """The present, in microseconds since 1970, UTC. The only place where the archive reads a clock."""
    return time.time_ns() // 1000


def to_datetime(at: int) -> datetime:
    """The aware UTC datetime of a point in time."""
    return EPOCH + timedelta(microseconds=at)


def from_datetime(when: datetime) -> int:
    """The point in time of an aware datetime; a naive one is read as UTC."""
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return (aware - EPOCH) // MICROSECOND


def warc_date(at: int) -> str:
    """The W3C-DTF form that WARC/1.1 section 5.4 allows: UTC, microseconds, ``Z``."""
    when = to_datetime(at).replace(tzinfo=None)
    return f"{when.isoformat(timespec='microseconds')}Z"  # strftime writes the year 7 with one digit


def parse_warc_date(text: str) -> int:
    """Microseconds of a WARC-Date; year, month or second precision are completed with their first instant.

    Raises ValueError on anything else.
    """
    text = text.strip()
    if len(text) == 4:
        text += "-01-01"
    elif len(text) == 7:
        text += "-01"
    # datetime keeps six digits; WARC/1.1 allows nine.
    head, dot, fraction = text.rstrip("Zz").partition(".")
    if dot:
        text = f"{head}.{fraction[:6].ljust(6, '0')}+00:00"
    return from_datetime(datetime.fromisoformat(text))
