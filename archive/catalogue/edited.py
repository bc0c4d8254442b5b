"""Where stories may have changed: captures that begin an edition, find a page gone, or find it again; newest first.

It is told from the editions alone, without reading any text; whoever asks looks closer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, text

from archive.article import Article, Refusal, Verdict, from_json
from archive.catalogue import blocking, tables
from archive.catalogue.holdings import FETCH
from archive.catalogue.rows import reads_rows, site_column

_FEW = 8  # texts read at a time: those of a live blog are long
_texts, _editions, _captures = tables.texts, tables.editions, tables.captures


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A capture at which a story may have changed. They are ordered by time and capture id."""

    at: int
    capture: str
    site: str
    key: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A text of a story, and of its capture id, time and status."""

    capture: str
    at: int
    status: int | None
    text: Article | Refusal


@dataclass(frozen=True, slots=True)
class Span:
    """Which captures are asked about: since an instant, before another one, of some sites; None and () for all."""

    cleaner: str
    since: int | None = None
    until: int | None = None
    sites: tuple[str, ...] = ()

    def holds(self, at: int) -> bool:
        """Whether a point in time lies in it."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)

    def among(self, site: ColumnElement[str], at: ColumnElement[int]) -> list[ColumnElement[bool]]:
        """The same as conditions on columns, sites included."""
        found: list[ColumnElement[bool]] = []
        if self.since is not None:
            found.append(at >= self.since)
        if self.until is not None:
            found.append(at < self.until)
        if self.sites:
            found.append(site.in_([site_column(one) for one in self.sites]))
        return found


def count_edited(connection: Connection, span: Span) -> int:
    """How many editions but the first begin in a span."""
    return connection.scalar(_later(span, func.count())) or 0


def edited(connection: Connection, span: Span) -> Iterator[Spot]:
    """The captures that begin an edition but the first of its story, newest first."""
    columns = (_editions.c.first_at, _editions.c.first_capture, _editions.c.site, _editions.c.key)
    yield from _spots(connection, _later(span, *columns).order_by(columns[0].desc(), columns[1].desc()))


def _later(span: Span, *columns: Any) -> Select[Any]:  # noqa: ANN401 - what select() takes
    conditions = span.among(_editions.c.site, _editions.c.first_at)
    return select(*columns).where(_editions.c.cleaner == span.cleaner, text(tables.LATER), *conditions)


def confirmed(connection: Connection, span: Span) -> Iterator[Spot]:
    """The captures whose text is that of the one before, newest first: beside it something may have changed."""
    begins = exists().where(
        _editions.c.cleaner == _texts.c.cleaner,
        _editions.c.site == _texts.c.site,
        _editions.c.key == _texts.c.key,
        _editions.c.first_capture == _texts.c.capture,
    )
    columns = (_texts.c.at, _texts.c.capture, _texts.c.site, _texts.c.key)
    question = (
        select(*columns)
        .where(
            _texts.c.cleaner == span.cleaner,
            _texts.c.text_digest.is_not(None),
            ~begins,
            blocking.allowed(_texts.c.capture),
            *span.among(_texts.c.site, _texts.c.at),
        )
        .order_by(_texts.c.at.desc(), _texts.c.capture.desc())
    )
    yield from _spots(connection, question)


def gone(connection: Connection, span: Span, statuses: Sequence[int]) -> list[tuple[str, str]]:
    """Site and key of stories of which a capture found the page gone, before the span's end, after it had been there.

    There must be a text of them in the span, whatever it is: else nothing happened to them then.
    """
    found = or_(
        _texts.c.verdict == Verdict.SOFT_404.value,
        and_(_texts.c.verdict == Verdict.HTTP_ERROR.value, _captures.c.status.in_(statuses)),
    )
    there = exists().where(
        _editions.c.cleaner == _texts.c.cleaner,
        _editions.c.site == _texts.c.site,
        _editions.c.key == _texts.c.key,
        _editions.c.first_at < _texts.c.at,
    )
    question = (
        select(_texts.c.site, _texts.c.key)
        .distinct()
        .join_from(_texts, _captures, _captures.c.id == _texts.c.capture)
        .where(
            _texts.c.cleaner == span.cleaner, text(tables.MAY_BE_GONE), found, there, blocking.allowed(_texts.c.capture)
        )
        .order_by(_texts.c.site, _texts.c.key)
    )
    others = _texts.alias()
    if span.since is not None or span.until is not None:
        lately = select(others.c.site, others.c.key).where(
            others.c.cleaner == span.cleaner, *span.among(others.c.site, others.c.at)
        )
        question = question.where(
            exists(lately.where(others.c.site == _texts.c.site, others.c.key == _texts.c.key).correlate(_texts))
        )
    if span.sites:
        question = question.where(_texts.c.site.in_([site_column(one) for one in span.sites]))
    return [(row.site, row.key) for row in connection.execute(question)]


def sites_of(connection: Connection, cleaner: str, key: str) -> tuple[str, ...]:
    """The sites that have texts of a normalised URL, as the tables of texts name them."""
    question = select(_texts.c.site).distinct().where(_texts.c.cleaner == cleaner, _texts.c.key == key)
    return tuple(connection.scalars(question.order_by(_texts.c.site)))


def shown(connection: Connection, cleaner: str, site: str, key: str) -> Iterator[Seen]:
    """The texts of a story in the order of time and capture id: few of them in memory at a time."""
    question = (
        select(_texts.c.capture, _texts.c.at, _captures.c.status, _texts.c.canonical)
        .join_from(_texts, _captures, _captures.c.id == _texts.c.capture)
        .where(
            _texts.c.cleaner == cleaner,
            _texts.c.site == site,
            _texts.c.key == key,
            blocking.allowed(_texts.c.capture),
        )
        .order_by(_texts.c.at, _texts.c.capture)
    )
    for row in connection.execution_options(yield_per=_FEW).execute(question):
        yield _seen(row)


@reads_rows
def _seen(row: Sequence[Any]) -> Seen:
    capture, at, status, canonical = row
    return Seen(capture, at, status, from_json(canonical))


def _spots(connection: Connection, question: Select[Any]) -> Iterator[Spot]:
    for row in connection.execution_options(yield_per=FETCH).execute(question):
        yield Spot(*row)
