"""A page with what belongs to it, as a small WACZ: what a viewer with scripts loads."""

from __future__ import annotations

import hashlib
import re
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from sqlalchemy import func, select

from archive.capture import Capture
from archive.catalogue import blocking, tables
from archive.cleaning.charset import decode
from archive.errors import DamagedRecord, PayloadRefused
from archive.http import HttpMessage
from archive.replay.mementos import Mementos
from archive.sharing.packing import SUFFIX, pack
from archive.sharing.selection import Selection
from archive.url import is_fetchable, normalise

if TYPE_CHECKING:
    from archive.store import Archive

_captures = tables.captures.c
_KEYS = 2_000  # addresses beside the page
_SHEETS = 60  # stylesheets that are read for what they refer to
_READ = 3_000_000  # characters of a page or a sheet
_BYTES = 256 * 2**20  # of payloads
_BESIDE = 900 * 1_000_000  # microseconds around the page's capture in which a browser or a crawl fetched its parts
_KEPT = 6  # packages, for those who look at them now
# Wherever a page names an address: attributes, sets of pictures, styles, and strings of its scripts.
_NAMED = re.compile(
    r"""(?:\b(?:src|href|poster|data-src|content)\s*=\s*["']?|url\(\s*["']?|@import\s+["'])([^"'\s)<>]+)""", re.I
)
_SET = re.compile(r"""\bsrcset\s*=\s*(?:"([^"]{1,20000})"|'([^']{1,20000})')""", re.I)
_WRITTEN = re.compile(r"""["'](https?:(?:\\?/){2}[^"'\s<>]{4,2000})["']""", re.I)


class Parcels:
    """The packages of pages that were asked for last, in a folder that goes with them. Safe for threads."""

    def __init__(self, archive: Archive, mementos: Mementos) -> None:
        self._archive = archive
        self._mementos = mementos
        self._elsewhere = mementos.elsewhere
        self._folder = tempfile.TemporaryDirectory(prefix="presskeep-viewer-")
        self._known: OrderedDict[str, Path] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, url: str, at: int) -> Path:
        """The package of a page as of a time in microseconds; raises NotFound, TakenDown, Problem, StorageFull.

        It is made anew once anything is taken down, or a reservation is withheld.
        """
        capture = self._mementos.nearest(url, at).capture
        reserved = self._mementos.reserved()
        with self._archive.catalog.reading() as connection:
            blocked = blocking.count(connection)
        without = self._elsewhere.targets()
        said = f"{capture.id} {blocked} {sorted(reserved)} {without}"
        name = hashlib.sha256(said.encode()).hexdigest()[:24]
        with self._lock:  # one at a time: each reads and writes much
            path = self._known.get(name)
            if path is None or not path.exists():
                path = Path(self._folder.name) / f"{name}{SUFFIX}"
                keys = tuple(self._keys(capture))
                pack(
                    self._archive,
                    str(path),
                    Selection(keys=keys, withheld=reserved, without=without),
                    title=capture.url,
                )
            self._known[name] = path
            self._known.move_to_end(name)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)[1].unlink(missing_ok=True)
        return path

    def close(self) -> None:
        """Remove all of them."""
        self._folder.cleanup()

    def _keys(self, page: Capture) -> Iterator[str]:
        """The page, what it and its sheets refer to, and what was fetched for a page of its site at the same time."""
        wanted = dict.fromkeys([*_named(page), *self._beside(page)])
        wanted.pop(page.key, None)
        held = self._held(wanted)
        sheets = [key for key, (mime, _) in held.items() if mime == "text/css"][:_SHEETS]
        for key in sheets:
            held |= self._held(_named(self._archive.memento(key, page.at)))
        room = _BYTES
        yield page.key
        for key, (_, size) in list(held.items())[:_KEYS]:
            room -= size
            if room < 0:
                return
            yield key

    def _beside(self, page: Capture) -> list[str]:
        question = (
            select(_captures.key)
            .where(
                _captures.site == page.site,
                _captures.at.between(page.at - _BESIDE, page.at + _BESIDE),
                _captures.role.in_(("requisite", "other")),
            )
            .limit(_KEYS)
        )
        with self._archive.catalog.reading() as connection:
            return list(connection.scalars(question))

    def _held(self, keys: Iterable[str]) -> dict[str, tuple[str | None, int]]:
        """Those of which there are captures that may be shown, with their media type and all bytes of them."""
        found: dict[str, tuple[str | None, int]] = {}
        with self._archive.catalog.reading() as connection:
            shown = self._mementos.handed_out(connection)
            for some in tables.in_parts(keys):
                size = func.sum(func.coalesce(_captures.payload_length, 0))
                question = select(_captures.key, func.max(_captures.mime), size)
                for row in connection.execute(question.where(_captures.key.in_(some), shown).group_by(_captures.key)):
                    found[row[0]] = (row[1], row[2] or 0)
        return found


def _named(capture: Capture) -> list[str]:
    """The keys of all addresses that a page or a sheet names; none where it cannot be read."""
    try:
        message = capture.representation()
        text = _text(message)
    except (DamagedRecord, PayloadRefused, OSError):
        return []
    found: dict[str, None] = {}
    named = [hit[1] for hit in _NAMED.finditer(text)]
    named += [
        part.split()[0] for hit in _SET.finditer(text) for part in (hit[1] or hit[2] or "").split(",") if part.split()
    ]
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
