"""What the archive knows of one URL, and which of its captures a page is about."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from archive.catalogue import blocking, browsing, cleaners, texts
from archive.catalogue.browsing import Hidden, Mark
from archive.catalogue.texts import Edition
from archive.cleaning.version import CLEANER
from archive.dataset.rows import Entry
from archive.errors import NotFound
from archive.replay.mementos import withheld_problem
from archive.replay.pages.asked import Asked
from archive.url import normalise

if TYPE_CHECKING:
    from archive.store import Archive

Hiding = Callable[[Connection], Hidden]  # what is withheld just now
MOST_MARKS = 5_000  # captures of one URL that its page tells of: the latest


@dataclass(frozen=True, slots=True)
class Subject:
    """One URL: its captures, its editions (those of ``site``), and the capture that is shown."""

    url: str
    key: str
    cleaner: str
    marks: tuple[Mark, ...]
    site: str | None = None
    sites: tuple[str | None, ...] = ()  # all that have editions of it
    editions: tuple[Edition, ...] = ()
    chosen: Mark | None = None
    entry: Entry | None = None

    @property
    def edition(self) -> Edition | None:
        """The edition that is shown; None for a capture that is none."""
        if self.chosen is None or self.chosen.text_digest is None:
            return None
        at = bisect_right(
            self.editions, (self.chosen.at, self.chosen.id), key=lambda one: (one.first_at, one.first_capture)
        )
        found = self.editions[at - 1] if at else None
        return found if found is not None and found.text_digest == self.chosen.text_digest else None

    @property
    def lost(self) -> Mark | None:
        """The latest capture, where its page gave no article any more although the edition before did."""
        last = next((one for one in reversed(self.marks) if one.verdict is not None), None)
        return last if self.editions and last is not None and last.text_digest is None else None

    @property
    def is_cut(self) -> bool:
        """Whether it has more captures than `marks`."""
        return len(self.marks) >= MOST_MARKS


def cleaner_in_use(archive: Archive) -> str:
    """The cleaner whose texts are shown: the installed one, or where it made none the one that made most."""
    known = [one.version for one in cleaners.cleaners(archive.catalog)]
    return CLEANER if CLEANER in known or not known else known[0]


def find(archive: Archive, asked: Asked, cleaner: str, hiding: Hiding) -> Subject:
    """The subject of a request; raises NotFound, TakenDown, UsageError, and Problem where all of it is withheld."""
    url = asked.url()
    key = normalise(url)
    with archive.catalog.reading() as connection:
        hidden = hiding(connection)
        marks = browsing.marks(connection, cleaner, key, most=MOST_MARKS, hidden=hidden)
        withheld = not marks and bool(browsing.marks(connection, cleaner, key, most=1))
        editions = browsing.editions(connection, cleaner, key) if marks else {}
    if not marks:
        blocking.refuse(archive.catalog, url=url)
        if withheld:
            raise withheld_problem()
        raise NotFound("nothing of this address was ever captured", url=url)
    site = _site(asked, editions, marks)
    subject = Subject(marks[-1].url, key, cleaner, marks, site, tuple(editions), editions.get(site, ()))
    chosen = _chosen(archive, asked, subject, hidden)
    entry = texts.entry(archive.catalog, archive.warc_path, cleaner, chosen.id) if chosen.verdict else None
    subject = replace(subject, chosen=chosen, entry=entry)
    if entry is not None and subject.edition is not None:
        entry = replace(entry, edition=subject.edition.number, editions=len(subject.editions))
    return replace(subject, entry=entry)


def text_of(archive: Archive, subject: Subject, edition: Edition, hiding: Hiding) -> Entry:
    """The text of an edition, as it was captured last; raises NotFound, and Problem where it is withheld."""
    with archive.catalog.reading() as connection:
        if browsing.mark(connection, subject.cleaner, edition.last_capture, hidden=hiding(connection)) is None:
            raise withheld_problem()
    found = texts.entry(archive.catalog, archive.warc_path, subject.cleaner, edition.last_capture)
    if found is None:
        raise NotFound(f"edition {edition.number} went while it was asked for: load the page again", url=subject.url)
    return replace(found, edition=edition.number, editions=len(subject.editions))


def _site(asked: Asked, editions: dict[str | None, tuple[Edition, ...]], marks: Sequence[Mark]) -> str | None:
    """The site whose editions are shown: one archive may have a URL from several."""
    wanted = asked.text("site")
    if wanted in editions:
        return wanted
    if not editions:
        return marks[-1].site
    return max(editions, key=lambda one: editions[one][-1].last_at)


def _chosen(archive: Archive, asked: Asked, subject: Subject, hidden: Hidden) -> Mark:
    if wanted := asked.text("capture"):
        return _mark(archive, subject, wanted, hidden)
    if number := asked.number("edition") or asked.number("new"):
        if number > len(subject.editions):
            raise NotFound(f"it has {len(subject.editions)} editions, not {number}", url=subject.url)
        return _mark(archive, subject, subject.editions[number - 1].last_capture, hidden)
    read = [one for one in subject.marks if one.verdict is not None] or list(subject.marks)
    if (at := asked.moment("at")) is not None:
        return min(read, key=lambda one: abs(one.at - at))
    if subject.editions:
        return _mark(archive, subject, subject.editions[-1].last_capture, hidden)
    return read[-1]


def _mark(archive: Archive, subject: Subject, capture: str, hidden: Hidden) -> Mark:
    found = next((one for one in subject.marks if one.id == capture), None)
    if found is None:
        with archive.catalog.reading() as connection:
            other = browsing.mark(connection, subject.cleaner, capture, hidden=hidden)
            kept_back = other is None and browsing.mark(connection, subject.cleaner, capture) is not None
        if kept_back:
            raise withheld_problem()
        if other is None or other[0] != subject.key:
            blocking.refuse(archive.catalog, id=capture)
            raise NotFound("this address has no such capture", url=subject.url)
        found = other[1]
    return found
