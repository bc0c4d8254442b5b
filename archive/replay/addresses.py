"""Addresses: archived URLs as they stand in paths, and the addresses of what is served about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from archive.clock import to_datetime
from archive.replay.answers import Problem
from archive.url import host, normalise

# `http:/x` is what proxies and clients make of `http://x` within a path.
_SCHEME = re.compile(r"(https?):/{0,9}(?=[^/])", re.IGNORECASE)
_ESCAPED = re.compile(r"https?%3A(?:%2F){1,9}", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?![0-9]{1,5}(?:/|$))", re.IGNORECASE)
_KEPT = re.compile(r"[^\x21\x23-\x3b\x3d\x3f-\x7e]")  # all but what no URI has, nor a quoted string, nor <…>
_EDGES, _BREAKS = "".join(map(chr, range(0x21))), str.maketrans("", "", "\t\r\n")  # as `archive.url` has them
SECOND = 1_000_000
_SHORT, _LONG = "%m%d%H%M%S", "%m%d%H%M%S%f"


def archived(rest: str) -> str:
    """The archived URL that a path ends in, as it was sent; raises Problem for what is no web address.

    Slashes behind the scheme may have been collapsed; the whole may be escaped once more; the scheme may be missing.
    The fragment, of which no server hears, is dropped where a program sent it.
    """
    given = rest.partition("#")[0]
    if _ESCAPED.match(given):
        given = unquote_to_bytes(given).decode("utf-8", "replace").partition("#")[0]
    if scheme := _SCHEME.match(given):
        given = f"{scheme[1].lower()}://{given[scheme.end() :]}"
    elif not _OTHER_SCHEME.match(given):
        given = f"http://{given}"
    if not host(given):
        raise Problem(400, "no web address stands in that path: end it in one such as https://example-news.org/story")
    return given


def uri(url: str) -> str:
    """An archived URL as it may stand in headers, links and paths: ASCII, without white space, quotes and brackets.

    It has the same key: what browsers strip is stripped, and the fragment dropped.
    """
    return _KEPT.sub(
        lambda one: "".join(f"%{byte:02X}" for byte in one[0].encode("utf-8", "surrogatepass")),
        url.partition("#")[0].strip(_EDGES).translate(_BREAKS),
    )


def stamp(at: int, before: int | None = None) -> str:
    """The time of a capture as it stands in its address: to the second, as everywhere.

    ``before`` is the time of the capture of the same URL before it. Where both fall into one second, its address has
    the microseconds, 20 digits in all: else the two could not be told apart.
    """
    same = before is not None and before // SECOND == at // SECOND
    when = to_datetime(at)
    return f"{when.year:04}{when:{_LONG if same else _SHORT}}"  # strftime writes the year 7 with one digit


@dataclass(frozen=True, slots=True)
class Places:
    """The absolute addresses that stand in links; ``base`` is the application's origin, URLs are archived ones."""

    base: str

    def timegate(self, url: str) -> str:
        """Where the memento of a time is negotiated."""
        return f"{self.base}/timegate/{_within(url)}"

    def timemap(self, url: str, form: str = "link", since: str = "") -> str:
        """The list of mementos, or the page of it that begins with one."""
        return f"{self.base}/timemap/{form}/{since}{'/' if since else ''}{_within(url)}"

    def memento(self, moment: str, url: str, modifier: str = "") -> str:
        """A memento; ``moment`` is the `stamp` of its capture."""
        return f"{self.base}/web/{moment}{modifier}/{_within(url)}"


def _within(url: str) -> str:
    """An archived URL as it may end a path: clients resolve dot segments there, beyond its own beginning."""
    return uri(normalise(url) if "/." in url else url)


def link(target: str, rel: str, **attributes: str) -> str:
    """A web link (RFC 8288) to an address, whose attributes are ASCII without quotes."""
    said = "".join(f'; {name}="{value}"' for name, value in attributes.items())
    return f'<{uri(target)}>; rel="{rel}"{said}'
