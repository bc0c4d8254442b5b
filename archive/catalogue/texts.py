"""The texts in the catalogue: what the cleaner made of captures, and the editions that they form."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Table,
    and_,
    case,
    delete,
    false,
    func,
    null,
    select,
    true,
)
from sqlalchemy.dialects.sqlite import insert

from archive.article import Article, Refusal, Verdict, from_json, identity
from archive.capture import Capture
from archive.catalogue import blocking, further, tables, withholding
from archive.catalogue.database import Catalog
from archive.catalogue.holdings import FETCH, cleanable
from archive.catalogue.revisits import bound_to
from archive.catalogue.rows import Row, capture_of_row, reads_rows, site_column
from archive.dataset.compaction import Part, Stamp, Texts
from archive.dataset.rows import Entry
from archive.reservation import Reserved

texts, editions, captures = tables.texts, tables.editions, tables.captures

Key = tuple[str, str, str]  # cleaner, site, normalised URL


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a capture: its verdict, and whether it begins a new edition of its URL's text.

    ``headline`` is that of an article, where it was asked for.
    """

    capture_id: str
    site: str | None
    url: str
    key: str
    at: int
    verdict: Verdict
    new_edition: bool
    headline: str | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """One state of an article's text: a maximal run of captures with one text digest, refusals left out."""

    number: int  # from 1, in the order of captures
    text_digest: str
    first_capture: str
    first_at: int
    last_capture: str
    last_at: int
    captures: int


def edit(states: Iterable[tuple[int, str, str]]) -> tuple[Edition, ...]:
    """The editions of one URL from its articles' (time, capture id, text digest), in that order.

    A, B, A is three editions.
    """
    found = []
    for number, (digest, run) in enumerate(groupby(states, key=lambda state: state[2]), 1):
        members = list(run)
        (first_at, first, _), (last_at, last, _) = members[0], members[-1]
        found.append(Edition(number, digest, first, first_at, last, last_at, len(members)))
    return tuple(found)


def read(capture: Capture, canonical: bytes) -> tuple[Article | Refusal, Row]:
    """The text of a canonical JSON and its row; raises ValueError where it is that of another capture."""
    text = from_json(canonical)
    if text.provenance.captures[0].id != capture.id:
        raise ValueError(f"a text of {text.provenance.captures[0].id} was given for {capture.id}")
    return text, {
        "cleaner": text.provenance.cleaner,
        "capture": capture.id,
        "site": site_column(capture.site),
        "key": capture.key,
        "at": capture.at,
        "identity": identity(canonical),
        "verdict": text.verdict.value,
        "text_digest": text.text_digest if isinstance(text, Article) else None,
        "profile": text.provenance.profile,
        "canonical": canonical.decode(),
    }


def current(
    connection: Connection, read: Sequence[tuple[Capture, Article | Refusal, Row]]
) -> list[tuple[Capture, Article | Refusal, Row]]:
    """Of texts that are about to be entered, those whose further pages are still the ones that they were made with."""
    outdated = further.outdated(connection, [row for _, _, row in read])
    return [one for one in read if one[0].id not in outdated]


def add(connection: Connection, rows: Sequence[Row]) -> None:
    """Enter texts, and bring the editions of their URLs up to date; a text that is there already stays.

    Of what may not be handed out none is entered: it was taken down while its text was made.
    """
    held: set[str] = set()
    for ids in tables.in_parts(row["capture"] for row in rows):
        held.update(connection.scalars(select(tables.blocked.c.id).where(tables.blocked.c.id.in_(ids))))
    rows = [row for row in rows if row["capture"] not in held]
    if not rows:
        return
    connection.execute(insert(texts).on_conflict_do_nothing(), rows)
    further.note(connection, rows)
    keys = {(row["cleaner"], row["site"], row["key"]) for row in rows if row["text_digest"] is not None}
    for key in sorted(keys):
        _edit_anew(connection, key)


def forget(connection: Connection, ids: Sequence[str], cleaner: str | None = None) -> None:
    """Remove the texts of captures, of all cleaners or of one, and what could not be cleaned of them; editions follow.

    The captures wait for the cleaner again. Where those of all cleaners go, so do the texts that have words of theirs.
    """
    keys: set[Key] = set()
    if cleaner is None:
        ids = [*ids, *further.made_with(connection, ids)]
    for some in tables.in_parts(ids):
        of_some = and_(texts.c.capture.in_(some), texts.c.cleaner == cleaner if cleaner is not None else true())
        keys.update(
            (row.cleaner, row.site, row.key)
            for row in connection.execute(select(texts.c.cleaner, texts.c.site, texts.c.key).where(of_some))
        )
        connection.execute(delete(texts).where(of_some))
        further.forget(connection, some, cleaner)
        connection.execute(delete(tables.failures).where(tables.failures.c.capture.in_(some)))
        again = select(captures.c.file, captures.c.offset, captures.c.id).where(captures.c.id.in_(some), cleanable())
        names = ["file", "offset", "capture"]
        connection.execute(insert(tables.pending).from_select(names, again).on_conflict_do_nothing())
    for key in sorted(keys):
        _edit_anew(connection, key)


def told_from(connection: Connection, ids: Collection[str]) -> list[str]:
    """The revisits whose texts were made from the payload of one of these captures."""
    wanted = set(ids)
    question = (
        select(texts.c.capture, texts.c.canonical)
        .join_from(texts, captures, captures.c.id == texts.c.capture)
        .where(captures.c.kind == "revisit")
    )
    found: set[str] = set()
    for capture, canonical in connection.execution_options(yield_per=FETCH).execute(question):
        if not wanted.isdisjoint(one["id"] for one in json.loads(canonical)["provenance"]["captures"]):
            found.add(capture)
    return sorted(found)


def count(connection: Connection) -> int:
    """How many texts there are, of all cleaners."""
    return connection.scalar(select(func.count()).select_from(texts)) or 0


def _of_key(table: Table, key: Key) -> ColumnElement[bool]:
    return and_(table.c.cleaner == key[0], table.c.site == key[1], table.c.key == key[2])


def editions_of(connection: Connection, key: Key) -> tuple[Edition, ...]:
    """The editions of a URL's text as the catalogue has them."""
    rows = connection.execute(select(editions).where(_of_key(editions, key)).order_by(editions.c.number)).mappings()
    return tuple(Edition(**{name: row[name] for name in Edition.__slots__}) for row in rows)


def editions_made_anew(connection: Connection, key: Key) -> tuple[Edition, ...]:
    """The editions of a URL's text as its texts make them."""
    states = (
        select(texts.c.at, texts.c.capture, texts.c.text_digest)
        .where(_of_key(texts, key), texts.c.text_digest.is_not(None))
        .order_by(texts.c.at, texts.c.capture)
    )
    return edit((row.at, row.capture, row.text_digest) for row in connection.execute(states))


def _edit_anew(connection: Connection, key: Key) -> None:
    made = editions_made_anew(connection, key)
    if made == editions_of(connection, key):
        return
    connection.execute(delete(editions).where(_of_key(editions, key)))
    place = {"cleaner": key[0], "site": key[1], "key": key[2]}
    rows = [{**place, **{name: getattr(one, name) for name in Edition.__slots__}} for one in made]
    if rows:
        connection.execute(insert(editions), rows)


def _joined(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Texts with their captures, and the number of editions that their URL has."""
    number = (
        select(func.count())
        .select_from(editions)
        .where(editions.c.cleaner == texts.c.cleaner, editions.c.site == texts.c.site, editions.c.key == texts.c.key)
        .scalar_subquery()
    )
    return (
        select(
            captures,
            texts.c.cleaner,
            texts.c.identity,
            texts.c.text_digest,
            texts.c.canonical,
            number.label("editions"),
        )
        .join_from(texts, captures, captures.c.id == texts.c.capture)
        .where(*conditions, blocking.allowed(captures.c.id))
    )


def entries(
    catalog: Catalog, directory: Path, cleaner: str, *, sites: Sequence[str] = (), key: str | None = None
) -> Iterator[Entry]:
    """The texts of a cleaner with their captures and editions, ordered by site, key, time and capture id.

    They are those of one state of the catalogue, and read as they are asked for.
    """
    conditions = [texts.c.cleaner == cleaner]
    if sites:
        conditions.append(texts.c.site.in_([site_column(site) for site in sites]))
    if key is not None:
        conditions.append(texts.c.key == key)
    question = _joined(*conditions).order_by(texts.c.site, texts.c.key, texts.c.at, texts.c.capture)
    with catalog.reading() as connection:
        for _, group in groupby(_entries(connection, question, directory), key=lambda one: one[0][:2]):
            number, digest = 0, None
            for (_, _, text_digest), entry in group:
                if text_digest is None:
                    yield entry
                    continue
                if text_digest != digest:
                    number, digest = number + 1, text_digest
                yield replace(entry, edition=number)


def entry(catalog: Catalog, directory: Path, cleaner: str, capture: str) -> Entry | None:
    """The text of one capture; None where the cleaner made none of it. Its edition is not counted."""
    question = _joined(texts.c.cleaner == cleaner, texts.c.capture == capture)
    with catalog.reading() as connection:
        return next((one for _, one in _entries(connection, question, directory)), None)


def _entries(
    connection: Connection, question: Select[Any], directory: Path
) -> Iterator[tuple[tuple[str | None, str, str | None], Entry]]:
    """The texts of a question with their captures, as yet without the numbers of editions: site, key, digest before.

    A revisit comes with the capture that its text names beside it, for that is what the text was made from; and a split
    story with its further pages.
    """
    rows = connection.execution_options(yield_per=FETCH).execute(question).mappings()
    for some in rows.partitions():
        made = [_text_of(row) for row in some]
        found = [capture_of_row(row, directory) for row in some]
        named = [
            (number, text.provenance.captures[1].id)
            for number, (text, capture) in enumerate(zip(made, found, strict=True))
            if capture.kind == "revisit" and [one.role for one in text.provenance.captures[1:2]] == ["payload"]
        ]
        beside = bound_to(connection, directory, [(found[number], one) for number, one in named])
        for (number, _), capture in zip(named, beside, strict=True):
            found[number] = capture
        pages = further.beside(connection, directory, made)
        for row, text, capture in zip(some, made, found, strict=True):
            entry = Entry(text, row["identity"], capture, None, row["editions"], pages.get(capture.id, ()))
            yield (row["site"], row["key"], row["text_digest"]), entry


@reads_rows
def _text_of(row: RowMapping) -> Article | Refusal:
    return from_json(row["canonical"])


@reads_rows
def _outcome_of(row: Sequence[Any]) -> Outcome:
    capture, site, url, key, at, verdict, new, headline = row
    return Outcome(capture, site or None, url, key, at, Verdict(verdict), bool(new), headline)


def of_compaction(catalog: Catalog, directory: Path, kinds: frozenset[Reserved] = frozenset()) -> Texts:
    """What a compaction asks; ``directory`` is where the WARC files lie, ``kinds`` the reservations withheld."""
    asked = _Compacting(catalog, directory, kinds)
    return Texts(asked.stamps, asked.of_part)


class _Compacting:
    """The questions of one compaction: what is withheld is the same for all of them."""

    def __init__(self, catalog: Catalog, directory: Path, kinds: frozenset[Reserved]) -> None:
        self._catalog = catalog
        self._directory = directory
        self._kinds = kinds
        self._kept_back: ColumnElement[bool] = false()

    def stamps(self) -> Iterator[Stamp]:
        """What tells the texts of all cleaners apart, without reading any text."""
        question = select(texts.c.cleaner, texts.c.site, texts.c.capture, texts.c.at, texts.c.identity)
        with self._catalog.reading() as connection:
            if self._kinds:
                self._kept_back = withholding.texts_withheld(connection, self._kinds)
                joined = question.join_from(texts, captures, captures.c.id == texts.c.capture)
                question = joined.where(~self._kept_back)
            for row in connection.execution_options(yield_per=FETCH).execute(question):
                yield Stamp(row.cleaner, row.site or None, row.capture, row.at, row.identity)

    def of_part(self, part: Part) -> Iterator[Entry]:
        """The texts that a Parquet file holds, ordered by site and capture id; editions are left out."""
        within = texts.c.cleaner == part.cleaner, texts.c.at >= part.start, texts.c.at < part.end
        question = _joined(*within, ~self._kept_back).order_by(texts.c.site, texts.c.capture)
        with self._catalog.reading() as connection:
            for _, entry in _entries(connection, question, self._directory):
                yield entry


def outcomes(
    catalog: Catalog, cleaner: str, since: int, site: str | None = None, *, headlines: bool = False
) -> Iterator[Outcome]:
    """What became of the captures since a time, all or those of a site, ordered by time and id."""
    headline: ColumnElement[Any] = null()
    if headlines:
        headline = case((texts.c.text_digest.is_not(None), func.json_extract(texts.c.canonical, "$.headline")))
    begins = (
        select(editions.c.number)
        .where(
            editions.c.cleaner == texts.c.cleaner,
            editions.c.site == texts.c.site,
            editions.c.key == texts.c.key,
            editions.c.first_capture == texts.c.capture,
        )
        .exists()
    )
    question = (
        select(
            *(texts.c.capture, texts.c.site, captures.c.url, texts.c.key, texts.c.at, texts.c.verdict, begins),
            headline,
        )
        .join_from(texts, captures, captures.c.id == texts.c.capture)
        .where(texts.c.cleaner == cleaner, texts.c.at >= since, blocking.allowed(captures.c.id))
        .order_by(texts.c.at, texts.c.capture)
    )
    if site is not None:
        question = question.where(texts.c.site == site)
    with catalog.reading() as connection:
        for row in connection.execution_options(yield_per=FETCH).execute(question):
            yield _outcome_of(row)
