"""What belongs to pages: the addresses of all that they draw, as far as the archive has captures of them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from sqlalchemy import ColumnElement, Connection, func, select

from archive.capture import Capture
from archive.catalogue import blocking, tables
from archive.cleaning.charset import decode
from archive.errors import DamagedRecord, NotFound, PayloadRefused
from archive.http import HttpMessage
from archive.url import is_fetchable, normalise

if TYPE_CHECKING:
    from archive.store import Archive

Shown = Callable[[Connection], ColumnElement[bool]]  # a condition on the table of captures

_captures = tables.captures.c
_KEYS = 2_000  # addresses beside the pages
_SHEETS = 60  # stylesheets that are read for what they refer to
_READ = 3_000_000  # characters of a page or a sheet
_BYTES = 256 * 2**20  # of payloads
_BESIDE = 900 * 1_000_000  # microseconds around the page's capture in which a browser or a crawl fetched its parts
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_PAGES = 200  # editions that are read for what they refer to: the latest
# Wherever a page names an address: attributes, sets of pictures, styles, and strings of its scripts.
_NAMED = re.compile(
    r"""(?:\b(?:src|href|poster|data-src|content)\s*=\s*["']?|url\(\s*["']?|@import\s+["'])([^"'\s)<>]+)""", re.I
)
_LINK = re.compile(r"<(?:a|area)\s[^<>]*>", re.I)
_SET = re.compile(r"""\bsrcset\s*=\s*(?:"([^"]{1,20000})"|'([^']{1,20000})')""", re.I)
_WRITTEN = re.compile(r"""["'](https?:(?:\\?/){2}[^"'\s<>]{4,2000})["']""", re.I)


def _allowed(_: Connection) -> ColumnElement[bool]:
    return blocking.allowed(_captures.id)


def _no_pages(shown: Shown) -> Shown:
    """Of pages only those that another one has in a frame."""
    drawn = func.coalesce(_captures.mime, "").not_in(_PAGE_TYPES) | (_captures.role == "requisite")
    return lambda connection: shown(connection) & drawn


def belonging(
    archive: Archive, pages: Sequence[Capture], shown: Shown = _allowed, *, near: bool = False
) -> tuple[str, ...]:
    """The keys of what pages and their stylesheets draw, and of what was fetched for them, without their own.

    With ``near`` also of all else that they name, in links and in scripts, and of what was fetched at that time for
    whichever page of the site: scripts may ask for it. At most 2,000 of them and 256 MiB, of those that are ``shown``.
    """
    if not near:
        shown = _no_pages(shown)
    wanted: dict[str, None] = {}
    for page in pages:
        wanted |= dict.fromkeys([*_named(page, links=near), *_fetched(archive, page, near=near)])
    own = {page.key for page in pages}
    held = _held(archive, (key for key in wanted if key not in own), shown)
    sheets = [key for key, (mime, _) in held.items() if mime == "text/css"][:_SHEETS]
    for key in sheets:
        with contextlib.suppress(NotFound):  # taken down since
            drawn = _named(archive.memento(key, pages[0].at), links=near)
            held |= _held(archive, (key for key in drawn if key not in held and key not in own), shown)
    room = _BYTES
    found = []
    for key, (_, size) in list(held.items())[:_KEYS]:
        room -= size
        if room < 0:
            break
        found.append(key)
    return tuple(found)


def editions(archive: Archive, keys: Iterable[str], since: int | None, until: int | None) -> list[Capture]:
    """The captures of some addresses within a time that differ in their payload: the latest, and not all of many."""
    found: dict[str, Capture] = {}
    for key in keys:
        for one in archive.captures(url=key, since=since, until=until):
            found[one.payload_digest or one.id] = one
    return sorted(found.values(), key=lambda one: (one.at, one.id), reverse=True)[:_PAGES]


def _fetched(archive: Archive, page: Capture, *, near: bool) -> list[str]:
    question = select(_captures.key).where(
        _captures.site == page.site,
        _captures.at.between(page.at - _BESIDE, page.at + _BESIDE),
        _captures.role.in_(("requisite", "other")),
    )
    if not near:
        question = question.where(_captures.via == page.url)
    with archive.catalog.reading() as connection:
        return list(connection.scalars(question.limit(_KEYS)))


def _held(archive: Archive, keys: Iterable[str], shown: Shown) -> dict[str, tuple[str | None, int]]:
    """Those of which there are captures that may be shown, with their media type and all bytes of them."""
    found: dict[str, tuple[str | None, int]] = {}
    with archive.catalog.reading() as connection:
        condition = shown(connection)
        for some in tables.in_parts(keys):
            size = func.sum(func.coalesce(_captures.payload_length, 0))
            question = select(_captures.key, func.max(_captures.mime), size)
            for row in connection.execute(question.where(_captures.key.in_(some), condition).group_by(_captures.key)):
                found[row[0]] = (row[1], row[2] or 0)
    return found


def _named(capture: Capture, *, links: bool) -> list[str]:
    """The keys of all addresses that a page or a sheet names, or draws; none where it cannot be read."""
    try:
        message = capture.representation()
        text = _text(message)
    except (DamagedRecord, PayloadRefused, OSError):
        return []
    if not links:
        text = _LINK.sub("", text)
    found: dict[str, None] = {}
    named = [hit[1] for hit in _NAMED.finditer(text)]
    named += [
        part.split()[0] for hit in _SET.finditer(text) for part in (hit[1] or hit[2] or "").split(",") if part.split()
    ]
    if links:
        named += [hit[1].replace("\\/", "/") for hit in _WRITTEN.finditer(text)]
    for one in named[: 4 * _KEYS]:
        try:
            absolute = urljoin(capture.url, one.replace("&amp;", "&"))
        except ValueError:
            continue
        if is_fetchable(absolute):
            found[normalise(absolute)] = None
    return list(found)[:_KEYS]


def _text(message: HttpMessage) -> str:
    if message.mime is not None and not message.mime.startswith(("text/", "application/xhtml")):
        return ""
    return decode(message.decoded(), message.charset)[0][:_READ]
