"""Each page of the archive: a function of the archive and of what is asked, its answer the page as text."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from archive.article import Article
from archive.catalogue import browsing
from archive.catalogue.browsing import Holding
from archive.editing.archived import as_turned
from archive.editing.choosing import WORDS
from archive.errors import NotFound, UsageError
from archive.failure import CleaningFailure
from archive.replay.answers import Problem
from archive.replay.pages import comparing, overlay, setting, timeline
from archive.replay.pages.asked import Asked, address
from archive.replay.pages.editlist import Part, Wish, part
from archive.replay.pages.examiner import Examiner
from archive.replay.pages.places import Places
from archive.replay.pages.rendering import render
from archive.replay.pages.subject import Hiding, Subject, cleaner_in_use, find, text_of
from archive.reservation import Reserved
from archive.url import host, normalise

if TYPE_CHECKING:
    from archive.store import Archive

_COUNTED = 30.0  # seconds for which what is held is not counted again: that reads an index of all captures
_LATEST, _LATEST_EDITS = 14, 6  # articles and edits on the first page
_PART = 50  # of a list
_LOOKED_AT, _READ = 10_000, 4_000  # captures whose headlines, or whole texts, one part of a search looks through
_NAMED = 10  # sites that a search finds
_TABLE = 500  # captures, or sites, in one table
_EDITS = 30  # of the whole archive, in one part
_TURNED = 500  # captures of a story that is read as a whole
_SITES = 1_000  # in one list
_CLAIMS = 3_000  # sentences that one page proves


@dataclass(slots=True)
class Count:
    """What is held of each site, as of some seconds ago, and the cleaner whose texts are shown."""

    archive: Archive
    clock: Callable[[], float] = time.monotonic
    _last: tuple[float, str, tuple[Holding, ...]] | None = None

    def held(self) -> tuple[str, tuple[Holding, ...]]:
        """The cleaner, and the holdings by site."""
        last = self._last
        if last is None or self.clock() - last[0] > _COUNTED:
            cleaner = cleaner_in_use(self.archive)
            with self.archive.catalog.reading() as connection:
                self._last = last = self.clock(), cleaner, browsing.holdings(connection, cleaner)
        return last[1:]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What all views need: the archive, what was counted of it a moment ago, and where its pages are."""

    archive: Archive
    count: Count
    examiner: Examiner
    places: Places = field(default_factory=Places)
    hiding: Hiding = lambda _: browsing.NOTHING
    reserved: Callable[[], frozenset[Reserved]] = frozenset
    is_down: Callable[[str], bool] = lambda _: False  # in an archive that is served with this one

    def held(self) -> tuple[str, tuple[Holding, ...]]:
        """The cleaner whose texts are shown, and what is held of each site."""
        return self.count.held()

    def render(self, template: str, **values: Any) -> str:  # noqa: ANN401 - what templates take
        """A page with what all of them have."""
        return render(template, to=self.places, archive=self.archive.configuration.name, **{"q": "", **values})


@dataclass(frozen=True, slots=True)
class Answer:
    """A page, its status, and where to go instead if that is what it says."""

    page: str
    status: int = 200
    location: str | None = None


def glance(shelf: Shelf, asked: Asked) -> Answer:
    """The archive at a glance."""
    cleaner, held = shelf.held()
    with shelf.archive.catalog.reading() as connection:
        hidden = shelf.hiding(connection)
        articles = browsing.newest(connection, cleaner, most=_LATEST, hidden=hidden)
    latest = part_of(shelf, Wish.of(Asked()), most=_LATEST_EDITS)
    return Answer(shelf.render("glance.html", held=held, articles=articles.listed, edits=latest.edits))


def site(shelf: Shelf, asked: Asked) -> Answer:
    """The articles of a site, by when they were first captured."""
    name = asked.text("name")
    cleaner, held = shelf.held()
    known = next((one for one in held if one.site == name), None)
    if known is None:
        raise NotFound(f"the archive holds nothing of a site {name[:100]!r}")
    with shelf.archive.catalog.reading() as connection:
        found = browsing.newest(
            connection, cleaner, site=name, before=asked.place(), most=_PART, hidden=shelf.hiding(connection)
        )
    return Answer(shelf.render("site.html", site=known, found=found, later=asked.place() is not None))


def sites(shelf: Shelf, asked: Asked) -> Answer:
    """All sites by name, with what is held of each."""
    _, held = shelf.held()
    part = asked.number("part") or 1
    shown = held[(part - 1) * _TABLE : part * _TABLE]
    parts = max(1, -(-len(held) // _TABLE))
    return Answer(shelf.render("sites.html", sites=shown, number=len(held), part=part, parts_of=parts))


def search(shelf: Shelf, asked: Asked) -> Answer:
    """What is found by an address, the beginning of one, the name of a site, or words of a headline or a text."""
    q, texts = asked.search(), asked.text("texts") == "1"
    if not q:
        found = browsing.Found(())
        return Answer(shelf.render("search.html", sites=(), addresses=(), found=found, later=False, texts=texts))
    cleaner, held = shelf.held()
    prefix = None if texts else _prefix(q)
    with shelf.archive.catalog.reading() as connection:
        before, hidden = asked.place(), shelf.hiding(connection)
        if prefix and before is None and browsing.marks(connection, cleaner, normalise(prefix), most=1, hidden=hidden):
            exact = _exact(connection, cleaner, prefix, hidden)
            if exact:
                return Answer("", 303, shelf.places.article(exact))
        addresses = (
            browsing.under(connection, cleaner, normalise(prefix), most=_PART, hidden=hidden)
            if prefix and not before
            else ()
        )
        found = browsing.called(
            connection,
            cleaner,
            q.split(),
            texts=texts,
            before=before,
            most=_PART,
            looked_at=_READ if texts else _LOOKED_AT,
            hidden=hidden,
        )
    words = q.casefold().split()
    named = [one for one in held if one.site and all(word in one.site for word in words)]
    return Answer(
        shelf.render(
            "search.html",
            q=q,
            sites=() if before or texts else named[:_NAMED],
            addresses=addresses,
            found=found,
            later=before is not None,
            texts=texts,
        ),
    )


def _exact(connection: Connection, cleaner: str, prefix: str, hidden: browsing.Hidden) -> str | None:
    """The address itself, where it was captured and nothing else begins like it."""
    below = browsing.under(connection, cleaner, normalise(prefix), most=2, hidden=hidden)
    return below[0].url if len(below) == 1 else None


def _prefix(q: str) -> str | None:
    """What is searched for as the beginning of an address, if it can be one."""
    if " " in q or not ("." in q or "://" in q):
        return None
    try:
        return address(q)
    except UsageError:
        return None


def article(shelf: Shelf, asked: Asked) -> Answer:
    """The clean article of a URL, or why there is none."""
    subject = _subject(shelf, asked)
    text = subject.entry.text if subject.entry is not None else None
    if not isinstance(text, Article):
        return _page(shelf, "refused.html", subject, "article", text=text)
    part = min(asked.number("part") or 1, setting.parts(text))
    return _page(
        shelf,
        "article.html",
        subject,
        "article",
        text=text,
        groups=setting.groups(text, part),
        part=part,
        parts_of=setting.parts(text),
        dir=setting.direction_of(text),
        pictures=_pictures(shelf, subject, text),
        corrections=setting.loose_corrections(text),
        known=setting.known(text),
    )


def _pictures(shelf: Shelf, subject: Subject, text: Article) -> tuple[setting.Picture, ...]:
    assert subject.chosen is not None
    at = subject.chosen.at
    keys = {one.url: normalise(one.url) for one in text.images[:_PART]}
    with shelf.archive.catalog.reading() as connection:
        held = browsing.pictures(connection, list(keys.values()), hidden=shelf.hiding(connection))
    return setting.pictures(
        text.images[:_PART], lambda url: keys[url] in held, lambda url: shelf.places.picture(url, at)
    )


def captured(shelf: Shelf, asked: Asked) -> Answer:
    """The page as it was captured, in a frame of another origin."""
    subject = _subject(shelf, asked)
    assert subject.chosen is not None
    frame = shelf.places.page_as_captured(subject.url, subject.chosen.at)
    viewer = shelf.places.viewer(subject.url, subject.chosen.at) if shelf.places.viewer is not None else None
    return _page(shelf, "captured.html", subject, "captured", frame=frame, viewer=viewer)


def changes(shelf: Shelf, asked: Asked) -> Answer:
    """What changed between two editions."""
    subject = _subject(shelf, asked)
    if len(subject.editions) < 2:
        return _page(shelf, "changes.html", subject, "changes", compared=None)
    new = asked.number("new") or (subject.edition.number if subject.edition else len(subject.editions))
    old = asked.number("old") or max(1, new - 1)
    if new == old:
        new, old = (2, 1) if new == 1 else (new, new - 1)
    if max(new, old) > len(subject.editions):
        raise NotFound(f"it has {len(subject.editions)} editions, not {max(new, old)}", url=subject.url)
    first, second = subject.editions[old - 1], subject.editions[new - 1]
    before, after = (text_of(shelf.archive, subject, one, shelf.hiding) for one in (first, second))
    assert isinstance(after.text, Article)
    whole = asked.text("all") == "1"
    compared = comparing.compare(before, after, whole=whole)
    if new == old + 1 and len(subject.marks) <= _TURNED:  # a test of headlines is known by the whole story
        compared = replace(compared, edit=as_turned(shelf.archive, compared.edit, subject.cleaner))
    return _page(
        shelf,
        "changes.html",
        subject,
        "changes",
        compared=compared,
        old=first,
        new=second,
        after=after.text,
        dir=setting.direction_of(after.text),
        whole=whole,
    )


def removed(shelf: Shelf, asked: Asked) -> Answer:
    """The ledger over the clean text."""
    subject = _subject(shelf, asked)
    laid = overlay.overlay(shelf.archive, shelf.examiner, subject)
    if isinstance(laid, CleaningFailure):
        return _page(shelf, "unexamined.html", subject, "removed", failure=laid)
    runs = [run.entry.text for one in laid.stretches if one.kept for run in one.runs]
    tag = overlay.language_of(subject)
    return _page(shelf, "removed.html", subject, "removed", laid=laid, tag=tag, dir=setting.direction(tag, runs))


def proof(shelf: Shelf, asked: Asked) -> Answer:
    """Each sentence and value, followed to the bytes."""
    subject = _subject(shelf, asked)
    text = subject.entry.text if subject.entry is not None else None
    if not isinstance(text, Article):
        return _page(shelf, "refused.html", subject, "proof", text=text)
    captures = overlay.captures_of(shelf.archive, subject)
    proved = shelf.examiner.prove(text, captures)
    if isinstance(proved, CleaningFailure):
        return _page(shelf, "unexamined.html", subject, "proof", failure=proved)
    claims = proved.claims[:_CLAIMS]
    return _page(shelf, "proof.html", subject, "proof", text=text, proved=proved, claims=claims, captures=captures)


def captures(shelf: Shelf, asked: Asked) -> Answer:
    """All captures of a URL, the latest first."""
    subject = _subject(shelf, asked)
    rows = tuple(reversed(subject.marks))
    part = asked.number("part") or 1
    shown = rows[(part - 1) * _TABLE : part * _TABLE]
    parts = max(1, -(-len(rows) // _TABLE))
    attempts = tuple(shelf.archive.attempts(url=subject.url))[-_PART:] if part == 1 else ()
    return _page(shelf, "captures.html", subject, "captures", rows=shown, part=part, parts_of=parts, attempts=attempts)


def edits(shelf: Shelf, asked: Asked) -> Answer:
    """The edits of the whole archive that are wanted, newest first."""
    _, held = shelf.held()
    wish = wished(shelf, asked)
    return Answer(shelf.render("edits.html", wish=wish, kinds=WORDS, held=held[:_SITES], part=part_of(shelf, wish)))


def wished(shelf: Shelf, asked: Asked) -> Wish:
    """Which edits are wanted; raises NotFound for a site of which nothing is held."""
    _, held = shelf.held()
    wish = Wish.of(asked)
    if wish.site and wish.site not in {one.site for one in held}:
        raise NotFound(f"the archive holds nothing of a site {wish.site[:100]!r}")
    return wish


def part_of(shelf: Shelf, wish: Wish, *, most: int = _EDITS) -> Part:
    """The edits of a wish, as many as one answer has."""
    cleaner, _ = shelf.held()
    # For what changes beside a text all texts of a story are read.
    looked_at = most * (2 if wish.choice.beside else 5)
    return part(shelf.archive, wish, cleaner, shelf.reserved(), is_down=shelf.is_down, most=most, looked_at=looked_at)


def _subject(shelf: Shelf, asked: Asked) -> Subject:
    cleaner, _ = shelf.held()
    return find(shelf.archive, asked, cleaner, shelf.hiding)


def _page(shelf: Shelf, template: str, subject: Subject, view: str, **values: Any) -> Answer:  # noqa: ANN401
    """A page about one URL, with what all of those have."""
    entry = subject.entry
    headline = entry.text.headline if entry is not None and isinstance(entry.text, Article) else None
    return Answer(
        shelf.render(
            template,
            subject=subject,
            chosen=subject.chosen,
            edition=subject.edition,
            timeline=timeline.timeline(subject),
            view=view,
            title=headline or subject.url,
            host=host(subject.url),
            **values,
        )
    )


VIEWS: Mapping[str, Callable[[Shelf, Asked], Answer]] = {
    "": glance,
    "site": site,
    "sites": sites,
    "search": search,
    "article": article,
    "captured": captured,
    "changes": changes,
    "removed": removed,
    "proof": proof,
    "captures": captures,
    "edits": edits,
}

# Those for which a child reads the captured page.
EXAMINED = (removed, proof)


def message(shelf: Shelf, problem: Problem, url: str = "") -> str:
    """What went wrong, as a page that says what to do next."""
    status, what, text = problem.status, problem.title, problem.detail
    return shelf.render("message.html", status=status, what=what, text=text, url=url.strip())
