"""Targets: where archived URLs lie in the origin of captured pages, and what a page means by a reference.

An address is ``/captured/TIMESTAMPuu_/URL``. The time is that of the page that refers to it; what is shown is the
capture nearest to it. ``uu_`` says as what it is asked for: a file is served as nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin

from archive.clock import to_datetime
from archive.replay.addresses import uri
from archive.url import host, normalise

PREFIX = "/captured/"
MAX_URL = 6_000  # bytes of an archived URL in an address: the guard reads no longer ones (`archive.replay.guard`)

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# What browsers take out of a reference before they read it (WHATWG URL, "basic URL parser", steps 1 to 3).
_EDGES = "".join(map(chr, range(0x21)))
_BREAKS = str.maketrans("", "", "\t\r\n")
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
# Pictures and fonts that stand in the page itself. SVG as a picture runs nothing and loads nothing.
_INLINE = re.compile(r"data:(?:image/[a-z0-9.+-]+|font/[a-z0-9.+-]+|application/(?:x-)?font-[a-z0-9.+-]+)[;,]", re.I)
MAX_INLINE = 2_000_000  # characters
_UNSAFE = re.compile(r"[\s\"'<>\\]", re.ASCII)


class Use(StrEnum):
    """As what a file is asked for, as it stands in its address."""

    PAGE = "mp_"
    PICTURE = "im_"
    STYLE = "cs_"
    FONT = "fo_"
    MEDIA = "md_"


def address(url: str, at: int, use: Use) -> str:
    """The path of an archived URL, as of a time in microseconds since 1970."""
    path, _, fragment = url.partition("#")
    if _DOTS.search(path.partition("?")[0]):
        path = normalise(path)  # a browser would resolve its dots against this origin
    behind = f"#{uri(fragment)}" if fragment else ""
    return f"{PREFIX}{to_datetime(at):%Y%m%d%H%M%S%f}{use}/{uri(path)}{behind}"


@dataclass(frozen=True, slots=True)
class Targets:
    """What the references of one page or stylesheet lead to: ``base`` is what they are relative to."""

    base: str
    at: int  # microseconds since 1970

    def based_on(self, reference: str) -> Targets:
        """The same behind a ``base`` element."""
        found = self.absolute(reference)
        return self if found is None else Targets(found, self.at)

    def absolute(self, reference: str) -> str | None:
        """The web address that a reference means; None for what is none, and for one that is too long."""
        text = reference.strip(_EDGES).translate(_BREAKS)
        if len(text) > MAX_URL:
            return None
        scheme = _SCHEME.match(text)
        if scheme is not None and scheme[0].lower() not in {"http:", "https:"}:
            return None
        path, mark, rest = text.partition("?")
        if "\\" in path:
            path = path.replace("\\", "/")
        if scheme is not None:  # `https:/x` and `https:///x` are `https://x` to browsers
            path = f"{scheme[0].lower()}//{path[scheme.end() :].lstrip('/')}"
        try:
            found = urljoin(self.base, f"{path}{mark}{rest}")
        except ValueError:
            return None
        if not found.lower().startswith(("http://", "https://")) or not host(found):
            return None
        return found if len(uri(found)) <= MAX_URL else None

    def file(self, reference: str, use: Use) -> str | None:
        """What stands in the place of a reference to a file; None where nothing may be asked for."""
        text = reference.strip(_EDGES)
        if text[:5].lower() == "data:":
            fits = use in {Use.PICTURE, Use.FONT} and len(text) <= MAX_INLINE and _INLINE.match(text) is not None
            return _UNSAFE.sub(_escaped, text) if fits else None
        if not text or text.startswith("#"):
            return None
        found = self.absolute(text)
        return None if found is None else address(found, self.at, use)

    def page(self, reference: str) -> str | None:
        """What stands in the place of a link to a page; a place on the same page stays as it is."""
        text = reference.strip(_EDGES)
        if text.startswith("#"):
            return f"#{uri(text[1:])}"
        found = self.absolute(text)
        return None if found is None else address(found, self.at, Use.PAGE)


def _escaped(hit: re.Match[str]) -> str:
    return "" if hit[0] in "\t\r\n\f" else f"%{ord(hit[0]):02X}"
