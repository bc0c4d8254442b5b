"""Lengths of time as people write them in ``sites.toml``: ``90s``, ``15m``, ``1h``, ``2d``, ``1w``."""

from __future__ import annotations

import re

SECOND = 1_000_000  # microseconds
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
# The shortest that takes any: twice a minute is no schedule, it is a load.
SHORTEST = MINUTE
# Longer than any study plans; keeps sums of times within 64 bits.
LONGEST = 10 * 365 * DAY

_UNITS = {"w": WEEK, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}
_WRITTEN = re.compile(r"(?a)(\d{1,9})\s*([smhdw])")


def parse_duration(text: str) -> int:
    """The microseconds of a duration; raises ValueError that shows how to write one."""
    match = _WRITTEN.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError("write a number with its unit, such as 90s, 15m, 6h, 2d or 1w")
    length = int(match[1]) * _UNITS[match[2]]
    if not SHORTEST <= length <= LONGEST:
        raise ValueError(f"write a time between {written(SHORTEST)} and {written(LONGEST)}")
    return length


def written(length: int) -> str:
    """A duration as a person writes it: in the largest unit that leaves no rest, seconds at the least."""
    for letter in "dhm":
        if length and length % _UNITS[letter] == 0:
            return f"{length // _UNITS[letter]}{letter}"
    return f"{length // SECOND}s"
