"""Announcements: what a source says of one URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from archive.clock import from_datetime

# Titles are for people who read a report; some feeds put the whole story there.
MAX_TITLE = 500
# The longest real date seen is under 40 characters; parsers need not see more.
MAX_DATE = 64

_YEAR_MONTH = re.compile(r"\d{4}(-\d{2})?")
_SPACED_OFFSET = re.compile(r"(:\d{2}(?:\.\d+)?)\s+([+-]\d{2}:?\d{2}|Z)$")


@dataclass(frozen=True, slots=True)
class Announcement:
    """A URL that a source announces. Dates are verbatim, as the source wrote them."""

    url: str
    published: str | None = None
    updated: str | None = None
    title: str | None = None

    @property
    def announced(self) -> str | None:
        """The date that the source gave, verbatim: of publication, else of the last change."""
        return self.published or self.updated

    @property
    def at(self) -> int | None:
        """The newest readable of its dates, in microseconds since 1970, UTC."""
        found = [at for at in (parse_date(self.published), parse_date(self.updated)) if at is not None]
        return max(found, default=None)


def parse_date(text: str | None) -> int | None:
    """Microseconds since 1970, UTC, of an RFC 822 or ISO 8601 date; None where it cannot be read.

    Missing parts count as their first instant, a missing offset as UTC. Years before 1970 are no news.
    """
    return _date(text) if text and len(text) <= MAX_DATE else None


@lru_cache(4096)  # polls show the same items again and again
def _date(text: str) -> int | None:
    text = text.strip()
    if _YEAR_MONTH.fullmatch(text):
        text = f"{text}-01" if len(text) == 7 else f"{text}-01-01"
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = from_datetime(parse(_SPACED_OFFSET.sub(r"\1\2", text)))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return at if at >= 0 else None
    return None


def clean_text(text: str | None, limit: int) -> str | None:
    """The text in one line, cut to a limit; None where nothing is left."""
    if not text:
        return None
    return " ".join(text[: 4 * limit].split())[:limit] or None
