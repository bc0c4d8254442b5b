"""The edits of a whole archive, newest first: found by the editions in its catalogue, texts read two at a time."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.catalogue import edited, texts
from archive.catalogue.edited import Span, Spot
from archive.catalogue.rows import site_column
from archive.cleaning.version import CLEANER
from archive.dataset.selection import is_withheld
from archive.editing.edit import Edit
from archive.editing.story import edit_of, excerpt
from archive.editing.turns import GONE_STATUS, Turn, frame, turns
from archive.progress import Progress
from archive.reservation import Reserved
from archive.url import normalise

if TYPE_CHECKING:
    from archive.dataset.rows import Entry
    from archive.store import Archive

# Turns that are kept in memory, so that the story of a live blog is not read again for each of its edits: 30 MB.
_KEPT = 100_000
_EACH = 50  # edits between two reports of progress


@dataclass(frozen=True, slots=True)
class Asked:
    """Which edits are wanted. None and empty values are no restriction; times are microseconds since 1970, UTC.

    An edit is as old as the capture that first shows it. ``beside`` takes along what changed beside texts that stayed,
    for which all texts of the span are read. What is captured with one of the ``withheld`` reservations is left out.
    Only what comes after the place ``behind`` in the list (time and capture id of an edit's new side) is taken, and at
    most ``looked_at`` captures are looked at, so that an answer costs no more than that.
    """

    since: int | None = None
    until: int | None = None
    sites: tuple[str, ...] = ()
    cleaner: str | None = None
    beside: bool = False
    withheld: frozenset[Reserved] = frozenset()
    behind: tuple[int, str] | None = None
    looked_at: int | None = None

    @property
    def span(self) -> Span:
        """The captures that can be meant."""
        until = self.until
        if self.behind is not None:
            until = min(self.behind[0] + 1, until if until is not None else self.behind[0] + 1)
        return Span(self.cleaner or CLEANER, self.since, until, self.sites)


def history(archive: Archive, url: str, *, cleaner: str | None = None, beside: bool = False) -> Iterator[Edit]:
    """The edits of one page, by site and in the order of time, with all passages; two texts in memory at a time."""
    version = cleaner or CLEANER
    key = normalise(url)
    with archive.catalog.reading() as connection:
        sites = edited.sites_of(connection, version, key)
    for site in sites:
        for turn in _turns(archive, version, site, key, beside=beside):
            pair = _pair(archive, version, turn)
            if pair is not None:
                yield edit_of(turn, *pair)


def edits(
    archive: Archive,
    asked: Asked | None = None,
    progress: Progress | None = None,
    withheld: Callable[[], None] | None = None,
) -> Iterator[Edit]:
    """The edits of an archive, newest first, each with an excerpt of its passages.

    They are read as they are asked for; what the memory holds does not grow with the archive. ``withheld`` is called
    for each that is left out because of what it reserves.
    """
    wanted = asked or Asked()
    span = wanted.span
    stories = _Stories(archive, span.cleaner, beside=wanted.beside)
    with archive.catalog.reading() as connection:
        total = edited.count_edited(connection, span)
        found: list[Iterable[Spot]] = [edited.edited(connection, span)]
        if wanted.beside:
            found.append(edited.confirmed(connection, span))
        found.append(_gone(edited.gone(connection, span, GONE_STATUS), span, stories))
        seen: Spot | None = None
        for done, spot in enumerate(heapq.merge(*found, reverse=True), 1):
            if progress is not None and done % _EACH == 0:
                progress(done, max(done, total), "editions")
            if spot == seen or (wanted.behind is not None and (spot.at, spot.capture) >= wanted.behind):
                continue
            if done == wanted.looked_at:
                return
            seen = spot
            turn = stories.turn(spot)
            pair = _pair(archive, span.cleaner, turn) if turn is not None else None
            if turn is None or pair is None:
                continue
            if any(is_withheld(one, wanted.withheld) for one in pair):
                if withheld is not None:
                    withheld()
                continue
            yield excerpt(edit_of(turn, *pair))


def as_turned(archive: Archive, edit: Edit, cleaner: str | None = None) -> Edit:
    """The same edit with what only its story tells: whether it is a headline test, whether it was told later."""
    site = site_column(edit.site)
    for turn in _turns(archive, cleaner or CLEANER, site, edit.key, beside=True):
        if (turn.old, turn.new) == (edit.old.capture_id, edit.new.capture_id):
            return replace(edit, since=turn.since, test=turn.test, told_at=turn.told)
    return edit


class _Stories:
    """The turns of stories, the latest asked for of them in memory."""

    def __init__(self, archive: Archive, cleaner: str, *, beside: bool) -> None:
        self._archive = archive
        self._cleaner = cleaner
        self._beside = beside
        self._known: OrderedDict[tuple[str, str], dict[str, Turn]] = OrderedDict()
        self._kept = 0

    def turn(self, spot: Spot) -> Turn | None:
        """What happened at a capture; None where nothing did."""
        return self.of(spot.site, spot.key).get(spot.capture)

    def of(self, site: str, key: str) -> dict[str, Turn]:
        """All turns of a story, by the capture that shows them."""
        known = self._known.get((site, key))
        if known is None:
            some = _turns(self._archive, self._cleaner, site, key, beside=self._beside)
            known = self._known[site, key] = {turn.new: turn for turn in some}
            self._kept += 1 + len(known)
        self._known.move_to_end((site, key))
        while self._kept > _KEPT and len(self._known) > 1:
            _, old = self._known.popitem(last=False)
            self._kept -= 1 + len(old)
        return known


def _turns(archive: Archive, cleaner: str, site: str, key: str, *, beside: bool) -> tuple[Turn, ...]:
    with archive.catalog.reading() as connection:
        texts_of_it = edited.shown(connection, cleaner, site, key)
        frames = (frame(one.capture, one.at, one.status, one.text) for one in texts_of_it)
        return turns(filter(None, frames), beside=beside)


def _gone(keys: Sequence[tuple[str, str]], span: Span, stories: _Stories) -> list[Spot]:
    """The captures of a span that found a page gone, or found it again, newest first."""
    found = [
        Spot(turn.at, turn.new, site, key)
        for site, key in keys
        for turn in stories.of(site, key).values()
        if (turn.gone or turn.returned) and span.holds(turn.at)
    ]
    return sorted(found, reverse=True)


def _pair(archive: Archive, cleaner: str, turn: Turn) -> tuple[Entry, Entry] | None:
    """The texts of a turn; None where one of them was taken down just now."""
    old, new = (texts.entry(archive.catalog, archive.warc_path, cleaner, one) for one in (turn.old, turn.new))
    return None if old is None or new is None else (old, new)
