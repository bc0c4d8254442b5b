"""Parts of a file: what Range, If-Range and their kin ask for (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import pairwise

from starlette.datastructures import Headers

MOST = 16  # parts of one answer: more are asked for by nobody who reads an archive
_LONGEST = 1_000  # characters of a Range
_ONE = re.compile(r"[ \t]*(?:([0-9]{1,19})-([0-9]{1,19})?|-([0-9]{1,19}))[ \t]*")


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a file: from ``start`` to before ``end``."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many they are."""
        return self.end - self.start

    def said(self, size: int) -> str:
        """The value of Content-Range."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one state of a file from another: a strong entity tag with its quotation marks, and its time."""

    tag: str
    modified: str


def is_unchanged(headers: Headers, version: Version) -> bool:
    """Whether the client has this state already (If-None-Match, else If-Modified-Since)."""
    tags = headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or version.tag in _tags(tags)
    since = headers.get("if-modified-since")
    return since is not None and not _is_later(version.modified, since)


def wanted(headers: Headers, size: int, version: Version) -> list[Part] | None:
    """The parts that are asked for, in the order in which that is done; None for the whole file.

    What cannot be read, and what is about another state (If-Range), is passed over, as the RFC wants it. An empty list
    means that no byte of all this is there (416).
    """
    given = headers.get("range")
    unit, equals, ranges = (given or "").partition("=")
    if not equals or unit.strip().lower() != "bytes" or len(ranges) > _LONGEST:
        return None
    condition = headers.get("if-range")
    if condition is not None and condition.strip() not in {version.tag, version.modified}:
        return None
    parts: list[Part] = []
    for one in ranges.split(","):
        if not one.strip():
            continue
        found = _ONE.fullmatch(one)
        if found is None or (found[2] is not None and int(found[2]) < int(found[1])):
            return None
        if found[3] is not None:
            part = Part(max(size - int(found[3]), 0), size)
        else:
            part = Part(int(found[1]), min(int(found[2]) + 1, size) if found[2] is not None else size)
        if part.start < part.end:
            parts.append(part)
    return _few(parts)


def _few(parts: list[Part]) -> list[Part] | None:
    """Parts that are worth an answer of their own; None where they are many, or the same bytes again and again."""
    if len(parts) > MOST:
        return None
    ordered = sorted(parts, key=lambda part: part.start)
    overlaps = sum(one.end > other.start for one, other in pairwise(ordered))
    return None if overlaps > 1 else parts


def _tags(given: str) -> set[str]:
    return {one.strip().removeprefix("W/") for one in given.split(",")}


def _is_later(modified: str, since: str) -> bool:
    try:
        return parsedate_to_datetime(modified) > parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return True
