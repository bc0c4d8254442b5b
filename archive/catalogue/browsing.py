"""What people browse: the newest articles and edits, those of a site, addresses and headlines that somebody looks for.

Every question costs what it shows, not what the archive holds: it walks an index from one end, and its caller names
after how many rows it stops. Where it stopped is said, so that the next page can go on there.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, false, func, null, select, tuple_

from archive.article import Verdict
from archive.catalogue import blocking, tables
from archive.catalogue.rows import reads_rows, site_column
from archive.catalogue.texts import Edition

_texts, _editions, _captures = tables.texts, tables.editions, tables.captures
_MOST_READ = 64_000_000  # characters of texts that one search reads
_BEHIND_ALL = "\U0010ffff"  # sorts behind whatever an address continues with

Place = tuple[int, str]  # in the order of time: microseconds and a capture's id
Hidden = ColumnElement[bool]  # a condition on the table of captures: what is not shown, beside what is taken down
NOTHING: Hidden = false()


@dataclass(frozen=True, slots=True)
class Holding:
    """What the archive holds of a site, or of all: captures, URLs that have an article, and edits of those."""

    site: str | None
    captures: int
    articles: int
    edits: int


@dataclass(frozen=True, slots=True)
class Listed:
    """An edition as a list shows it: where and when it was first captured, and what it is called.

    A story, which `newest` lists, is called as its newest edition is.
    """

    capture: str
    url: str
    key: str
    site: str | None
    at: int
    number: int  # of the edition, from 1
    editions: int  # how many the URL has by now
    headline: str | None
    language: str | None
    verdict: Verdict
    published: str | None = None  # as the page states it
    excerpt: str | None = None  # the passage in which a search found it, where that is not the headline

    @property
    def place(self) -> Place:
        """Its place in the order of time."""
        return self.at, self.capture


@dataclass(frozen=True, slots=True)
class Found:
    """A part of a list, newest first, and the place where the next part begins; None where nothing is left."""

    listed: tuple[Listed, ...]
    before: Place | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A capture as a timeline shows it, with the verdict of its text where it has one."""

    id: str
    url: str
    at: int
    kind: str
    status: int | None
    site: str | None
    role: str
    verdict: Verdict | None
    text_digest: str | None


@dataclass(frozen=True, slots=True)
class Address:
    """A captured URL under a prefix, and the headline of its newest edition, if it has one."""

    url: str
    key: str
    at: int  # of its first capture
    headline: str | None
    language: str | None


def holdings(connection: Connection, cleaner: str) -> tuple[Holding, ...]:
    """What is held of each site, by name; of captures without a site under None. It counts rows: not for each page."""
    number = func.count()
    by_site: dict[str, list[int]] = {}
    for site, amount in connection.execute(select(_captures.c.site, number).group_by(_captures.c.site)):
        by_site.setdefault(site_column(site), [0, 0, 0])[0] = amount
    kept_back = (
        select(_captures.c.site, number)
        .join_from(tables.blocked, _captures, _captures.c.id == tables.blocked.c.id)
        .group_by(_captures.c.site)
    )
    for site, amount in connection.execute(kept_back):
        by_site[site_column(site)][0] -= amount
    first = func.sum(case((_editions.c.number == 1, 1), else_=0))
    begun = select(_editions.c.site, first, number).where(_editions.c.cleaner == cleaner)
    for site, articles, all_of_them in connection.execute(begun.group_by(_editions.c.site)):
        by_site.setdefault(site, [0, 0, 0])[1:] = [articles, all_of_them - articles]
    return tuple(Holding(site or None, *amounts) for site, amounts in sorted(by_site.items()) if any(amounts))


def newest(
    connection: Connection,
    cleaner: str,
    *,
    site: str | None = None,
    edits: bool = False,
    before: Place | None = None,
    most: int = 50,
    looked_at: int = 5_000,
    hidden: Hidden = NOTHING,
) -> Found:
    """Articles by their first capture, or with ``edits`` the later editions by theirs; newest first.

    At most ``looked_at`` captures are looked at, so a part may be shorter than ``most`` although more follows.
    """
    found: list[Listed] = []
    last: Place | None = None
    rows = 0
    for row in _walk(connection, cleaner, site, before, looked_at, hidden):
        rows += 1
        last = (row.at, row.capture)
        if row.number is None or (row.number > 1) is not edits:
            continue
        by_now = None if edits else _latest(connection, cleaner, row.key, hidden, site=site_column(row.site))
        found.append(_listed(connection, cleaner, row, by_now))
        if len(found) == most:
            return Found(tuple(found), last)
    return Found(tuple(found), last if rows == looked_at else None)


def called(
    connection: Connection,
    cleaner: str,
    words: Sequence[str],
    *,
    texts: bool = False,
    before: Place | None = None,
    most: int = 50,
    looked_at: int = 10_000,
    hidden: Hidden = NOTHING,
) -> Found:
    """The editions whose headlines contain all words, in any case, newest first; stops as `newest` does.

    With ``texts`` the words may stand in headline, standfirst and body.
    """
    wanted = [fold(one) for one in words]
    found: list[Listed] = []
    last: Place | None = None
    rows = read = 0
    for row in _walk(connection, cleaner, None, before, looked_at, hidden, told="$" if texts else "$.headline"):
        rows += 1
        last = (row.at, row.capture)
        read += len(row.told or "")
        passages = _passages(row.told) if texts else [row.told or ""]
        folded = [fold(one) for one in passages]
        if row.number is not None and any(folded) and all(any(word in one for one in folded) for word in wanted):
            has = [sum(word in one for word in wanted) for one in folded]
            best = has.index(max(has))
            listed = _listed(connection, cleaner, row)
            found.append(replace(listed, excerpt=passages[best]) if best else listed)
        if len(found) == most or read > _MOST_READ:
            return Found(tuple(found), last)
    return Found(tuple(found), last if rows == looked_at else None)


def _passages(canonical: str | None) -> list[str]:
    """Headline, standfirst and blocks of a text by its canonical JSON; the first is the headline."""
    told = json.loads(canonical or "{}")
    return [told.get("headline") or "", told.get("standfirst") or "", *(one["text"] for one in told.get("body") or ())]


def fold(text: str) -> str:
    """Text as it is compared: compatible forms and cases are one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _walk(
    connection: Connection,
    cleaner: str,
    site: str | None,
    before: Place | None,
    most: int,
    hidden: Hidden,
    *,
    told: str | None = None,
) -> Iterator[Any]:
    """Captures, newest first: with the number of the edition that each begins, if it does, and ``told`` of its text."""
    begins = and_(
        _editions.c.cleaner == cleaner,
        _editions.c.site == func.coalesce(_captures.c.site, ""),
        _editions.c.key == _captures.c.key,
        _editions.c.first_capture == _captures.c.id,
    )
    part = select(func.json_extract(_texts.c.canonical, told)).where(
        _texts.c.cleaner == cleaner, _texts.c.capture == _captures.c.id
    )
    said = case((_editions.c.number.is_not(None), part.scalar_subquery())) if told else null()
    columns = (_captures.c.id.label("capture"), _captures.c.url, _captures.c.key, _captures.c.site, _captures.c.at)
    question: Select[Any] = (
        select(*columns, _editions.c.number, said.label("told"))
        .join_from(_captures, _editions, begins, isouter=True)
        .where(blocking.allowed(_captures.c.id), ~hidden)
        .order_by(_captures.c.at.desc(), _captures.c.id.desc())
        .limit(most)
    )
    if site is not None:
        question = question.where(_captures.c.site == site)
    if before is not None:
        question = question.where(tuple_(_captures.c.at, _captures.c.id) < tuple_(*before))
    yield from connection.execution_options(yield_per=100).execute(question)


@reads_rows
def _listed(
    connection: Connection,
    cleaner: str,
    row: Any,  # noqa: ANN401 - a row of any question
    by_now: str | None = None,
) -> Listed:
    """An edition, called as the text of the capture ``by_now`` is, or else as its own."""
    named = _named(connection, cleaner, by_now or row.capture)
    headline, language, verdict, published = named or (None, None, Verdict.EMPTY.value, None)
    number = connection.scalar(
        select(func.count()).select_from(_editions).where(*_of(cleaner, site_column(row.site), row.key))
    )
    return Listed(
        capture=row.capture,
        url=row.url,
        key=row.key,
        site=row.site,
        at=row.at,
        number=row.number,
        editions=number or 0,
        headline=headline,
        language=language,
        verdict=Verdict(verdict),
        published=published,
    )


def _of(cleaner: str, site: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return _editions.c.cleaner == cleaner, _editions.c.site == site, _editions.c.key == key


def _named(connection: Connection, cleaner: str, capture: str) -> tuple[str | None, str | None, str, str | None] | None:
    canonical = _texts.c.canonical
    headline, language, published = (
        func.json_extract(canonical, f"$.{name}") for name in ("headline", "language", "published")
    )
    question = select(headline, language, _texts.c.verdict, published).where(
        _texts.c.cleaner == cleaner, _texts.c.capture == capture
    )
    row = connection.execute(question).first()
    return None if row is None else (row[0], row[1], row[2], row[3])


def _latest(connection: Connection, cleaner: str, key: str, hidden: Hidden, *, site: str | None = None) -> str | None:
    """The latest capture of a URL that is handed out and has the text of an article; of one site, or of any."""
    question = (
        select(_texts.c.capture)
        .join_from(_texts, _captures, _captures.c.id == _texts.c.capture)
        .where(_texts.c.cleaner == cleaner, _texts.c.key == key, _texts.c.text_digest.is_not(None))
        .where(blocking.allowed(_captures.c.id), ~hidden)
        .order_by(_texts.c.site.desc(), _texts.c.at.desc(), _texts.c.capture.desc())
        .limit(1)
    )
    return connection.scalar(question if site is None else question.where(_texts.c.site == site))


def under(
    connection: Connection, cleaner: str, prefix: str, *, most: int = 50, hidden: Hidden = NOTHING
) -> tuple[Address, ...]:
    """The captured addresses whose keys begin with a prefix, in their order: one step into the index for each."""
    found: list[Address] = []
    behind = prefix + _BEHIND_ALL
    at_least: ColumnElement[bool] = _captures.c.key >= prefix
    for _ in range(most * 4):  # some are taken down
        question = (
            select(_captures.c.key, _captures.c.url, _captures.c.at, _captures.c.id)
            .where(at_least, _captures.c.key < behind)
            .order_by(_captures.c.key, _captures.c.at, _captures.c.id)
            .limit(1)
        )
        row = connection.execute(question).first()
        if row is None or len(found) == most:
            break
        at_least = _captures.c.key > row.key
        shown = select(_captures.c.id).where(_captures.c.id == row.id, blocking.allowed(_captures.c.id), ~hidden)
        if connection.scalar(shown) is not None:
            latest = _latest(connection, cleaner, row.key, hidden)
            found.append(_address(connection, cleaner, row, latest))
    return tuple(found)


def _address(connection: Connection, cleaner: str, row: Any, latest: str | None) -> Address:  # noqa: ANN401 - as above
    named = _named(connection, cleaner, latest) if latest is not None else None
    return Address(row.url, row.key, row.at, *((named[0], named[1]) if named else (None, None)))


def marks(
    connection: Connection, cleaner: str, key: str, *, most: int = 5_000, hidden: Hidden = NOTHING
) -> tuple[Mark, ...]:
    """The latest captures of a URL, in the order of time, with what the cleaner made of each."""
    question = _marks(cleaner, hidden).where(_captures.c.key == key).limit(most)
    return tuple(_mark(*row) for row in reversed(connection.execute(question).all()))


def mark(connection: Connection, cleaner: str, capture: str, *, hidden: Hidden = NOTHING) -> tuple[str, Mark] | None:
    """A capture by its id, behind its key; None for one that is not there, or not handed out."""
    row = connection.execute(
        _marks(cleaner, hidden).add_columns(_captures.c.key).where(_captures.c.id == capture)
    ).first()
    return (row[-1], _mark(*row[:-1])) if row is not None else None


def _marks(cleaner: str, hidden: Hidden) -> Select[Any]:
    return (
        select(
            *(_captures.c[name] for name in ("id", "url", "at", "kind", "status", "site", "role")),
            _texts.c.verdict,
            _texts.c.text_digest,
        )
        .join_from(
            _captures, _texts, and_(_texts.c.cleaner == cleaner, _texts.c.capture == _captures.c.id), isouter=True
        )
        .where(blocking.allowed(_captures.c.id), ~hidden)
        .order_by(_captures.c.at.desc(), _captures.c.id.desc())
    )


@reads_rows
def _mark(*values: Any) -> Mark:  # noqa: ANN401 - columns of several types
    id, url, at, kind, status, site, role, verdict, digest = values
    found = Verdict(verdict) if verdict is not None else None
    return Mark(id, url, at, kind, status, site, role, found, digest)


def editions(connection: Connection, cleaner: str, key: str) -> dict[str | None, tuple[Edition, ...]]:
    """The editions of a URL by site, in their order; a site that has none is not there."""
    sites = connection.scalars(
        select(_texts.c.site).where(_texts.c.cleaner == cleaner, _texts.c.key == key).distinct()
    ).all()
    question = (
        select(_editions)
        .where(_editions.c.cleaner == cleaner, _editions.c.key == key, _editions.c.site.in_(sites))
        .order_by(_editions.c.site, _editions.c.number)
    )
    rows = connection.execute(question).mappings()
    return {
        site or None: tuple(Edition(**{name: row[name] for name in Edition.__slots__}) for row in group)
        for site, group in groupby(rows, key=lambda row: str(row["site"]))
    }


def pictures(connection: Connection, keys: Sequence[str], *, hidden: Hidden = NOTHING) -> frozenset[str]:
    """Those keys of which a whole picture was captured."""
    found: set[str] = set()
    for some in tables.in_parts(keys):
        question = select(_captures.c.key).where(
            _captures.c.key.in_(some),
            _captures.c.status == 200,
            _captures.c.mime.like("image/%"),
            blocking.allowed(_captures.c.id),
            ~hidden,
        )
        found.update(connection.scalars(question.distinct()))
    return frozenset(found)
