"""What a request asks of a page: its parameters, read and held within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from archive.catalogue.browsing import Place
from archive.clock import parse_warc_date
from archive.errors import UsageError
from archive.url import host

_LONGEST = 8_000  # characters of an address; browsers send no longer ones
_SEARCHED = 300  # characters of a search
_LONG = 19  # digits that microseconds have not
_DIGITS = 14  # YYYYMMDDhhmmss


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a request by name. Whatever cannot be meant raises UsageError, which becomes a 400."""

    given: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A parameter without the white space around it; empty where it is not given."""
        return self.given.get(name, "").strip()

    def url(self) -> str:
        """The archived address that is asked for; https stands in for a scheme that is left out."""
        return address(self.text("url"))

    def search(self) -> str:
        """What is searched for."""
        return " ".join(self.text("q").split())[:_SEARCHED]

    def number(self, name: str) -> int | None:
        """A number from 1 on."""
        text = self.text(name)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < _LONG and int(text)):
            raise UsageError(f"{name} must be a number from 1 on, and {text[:40]!r} is none")
        return int(text)

    def moment(self, name: str) -> int | None:
        """A point in time: ``20261124093005``, or how it begins, or as ISO 8601 has it, in UTC."""
        text = self.text(name)
        if not text:
            return None
        try:
            return parse_warc_date(_spelled(text) if text.isascii() and text.isdigit() else text)
        except (ValueError, OverflowError) as error:
            raise UsageError(
                f"{name} must be a time such as 20261124093005 or 2026-11-24, and {text[:40]!r} is none"
            ) from error

    def place(self) -> Place | None:
        """Where a list goes on: microseconds and a capture's id."""
        text = self.text("before")
        if not text:
            return None
        at, _, capture = text.partition(" ")
        if not (at.isascii() and at.isdigit() and len(at) < _LONG and capture):
            raise UsageError("before must be what a link of these pages says")
        return int(at), capture


def address(given: str) -> str:
    """A web address as somebody typed it; raises UsageError for what is none."""
    if not given:
        raise UsageError("which address? Give it as url=https://example-news.org/2026/story")
    url = given if "://" in given or given.startswith("urn:") else f"https://{given}"
    if len(url) > _LONGEST or not (host(url) or url.startswith("urn:")):
        raise UsageError(f"{given[:200]!r} is no web address: write it as in https://example-news.org/2026/story")
    return url


def _spelled(digits: str) -> str:
    """Digits as ISO 8601: ``202611`` is the first instant of a month."""
    if not 4 <= len(digits) <= _DIGITS or len(digits) % 2:
        raise ValueError(digits)
    whole = digits + "00000101000000"[len(digits) :]
    return f"{whole[:4]}-{whole[4:6]}-{whole[6:8]}T{whole[8:10]}:{whole[10:12]}:{whole[12:14]}Z"
