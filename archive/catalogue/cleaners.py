"""The cleaners of which the catalogue has texts, and texts of two of them side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, func, select

from archive.article import Article, Refusal, from_json
from archive.capture import Capture
from archive.catalogue import blocking, tables
from archive.catalogue.database import Catalog
from archive.catalogue.holdings import FETCH
from archive.catalogue.rows import capture_of_row, reads_rows, site_column

_texts, _captures = tables.texts, tables.captures


@dataclass(frozen=True, slots=True)
class Cleaner:
    """A version of the cleaner, how many texts it made, and of the latest of these captures the time."""

    version: str
    texts: int
    latest: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts of one capture."""

    capture: str
    site: str | None
    url: str
    at: int
    old: Article | Refusal
    new: Article | Refusal


def cleaners(catalog: Catalog) -> tuple[Cleaner, ...]:
    """All of them, those that made most texts first."""
    number = func.count()
    question = select(_texts.c.cleaner, number, func.max(_texts.c.at)).group_by(_texts.c.cleaner)
    with catalog.reading() as connection:
        rows = connection.execute(question.order_by(number.desc(), _texts.c.cleaner))
        return tuple(Cleaner(*row) for row in rows)


def pairs(catalog: Catalog, old: str, new: str, sites: Sequence[str] = ()) -> Iterator[Pair]:
    """The texts that two cleaners made of the same captures, ordered by site, key, time and capture id."""
    other = _texts.alias()
    both = and_(other.c.capture == _texts.c.capture, other.c.cleaner == new)
    question = (
        select(_captures.c.id, _texts.c.site, _captures.c.url, _texts.c.at, _texts.c.canonical, other.c.canonical)
        .join_from(_texts, other, both)
        .join(_captures, _captures.c.id == _texts.c.capture)
        .where(*_of(old, sites), blocking.allowed(_captures.c.id))
        .order_by(_texts.c.site, _texts.c.key, _texts.c.at, _texts.c.capture)
    )
    with catalog.reading() as connection:
        for row in connection.execution_options(yield_per=FETCH).execute(question):
            yield _pair(row)


def count_pairs(catalog: Catalog, old: str, new: str, sites: Sequence[str] = ()) -> tuple[int, int, int]:
    """How many captures have texts by both, by the old one alone, and by the new one alone."""
    other = _texts.alias()
    both = and_(other.c.capture == _texts.c.capture, other.c.cleaner == new)
    question = select(func.count()).select_from(_texts)
    with catalog.reading() as connection:
        shared = connection.scalar(select(func.count()).select_from(_texts.join(other, both)).where(*_of(old, sites)))
        number = shared or 0
        of_old = connection.scalar(question.where(*_of(old, sites))) or 0
        of_new = connection.scalar(question.where(*_of(new, sites))) or 0
        return number, of_old - number, of_new - number


def sample(
    catalog: Catalog, directory: Path, cleaner: str, most: int, sites: Sequence[str] = ()
) -> list[tuple[Capture, Article | Refusal]]:
    """Some captures with the texts that a cleaner made of them: by chance, but always the same ones."""
    question = (
        select(_captures, _texts.c.canonical)
        .join_from(_texts, _captures, _captures.c.id == _texts.c.capture)
        .where(*_of(cleaner, sites), blocking.allowed(_captures.c.id))
        .order_by(_texts.c.identity)  # a digest: as good as chance
        .limit(most)
    )
    with catalog.reading() as connection:
        return [_sampled(row, directory) for row in connection.execute(question).mappings()]


def _of(cleaner: str, sites: Sequence[str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_texts.c.cleaner == cleaner]
    return [*found, _texts.c.site.in_([site_column(site) for site in sites])] if sites else found


@reads_rows
def _pair(row: Sequence[Any]) -> Pair:
    capture, site, url, at, old, new = row
    return Pair(capture, site or None, url, at, from_json(old), from_json(new))


@reads_rows
def _sampled(row: RowMapping, directory: Path) -> tuple[Capture, Article | Refusal]:
    return capture_of_row(row, directory), from_json(row["canonical"])
