"""Answering: which capture stands for what a server would have answered to a request, as of a time.

A key (`archive.url.normalise`) stands for all spellings of an address, and a site answers some of them with a redirect
to another: http to https, with ``utm_source`` to without. Who follows redirects must be given the spelling asked for,
or would be sent round in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, select
from sqlalchemy.dialects import sqlite

from archive.capture import Capture
from archive.catalogue import blocking, revisits, tables
from archive.catalogue.database import Catalog
from archive.catalogue.rows import capture_of_row
from archive.errors import DamagedRecord, NotFound, PresskeepError
from archive.http import REDIRECTS
from archive.url import normalise

# Captures to either side of a time that are looked at. More than one is needed only where spellings redirect.
NEIGHBOURS = 20
# The spelling that was asked for is preferred to another one that is nearer by less than this: a crawl that is sent
# from one to the other fetches both, one after the other; and a site that moved to https years ago has moved.
SAME_VISIT = 24 * 3600 * 1_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class _Question:
    """A question in SQL, made once: a spider over an archive asks one for each page."""

    sql: str
    values: dict[str, Any]

    @classmethod
    def of(cls, question: Select[Any]) -> _Question:
        made = question.compile(dialect=_DIALECT)
        return cls(str(made), dict(made.params))


def _questions(*conditions: ColumnElement[bool]) -> tuple[_Question, ...]:
    """The latest captures of a key by a method, those before a time, and those after it."""
    table = tables.captures.c
    question = (
        select(tables.captures)
        .where(
            table.key == bindparam("key"),
            table.method == bindparam("method"),
            blocking.allowed(table.id),
            *conditions,
        )
        .limit(NEIGHBOURS)
    )
    latest = question.order_by(table.at.desc(), table.id.desc())
    at: BindParameter[int] = bindparam("at")
    before, after = latest.where(table.at <= at), question.where(table.at > at).order_by(table.at, table.id)
    return _Question.of(latest), _Question.of(before), _Question.of(after)


_DIALECT = sqlite.dialect(paramstyle="named")
_AS_SENT = _questions(tables.captures.c.kind != "conversion")
_WITH_DRAWN = _questions()


def around(
    catalog: Catalog, directory: Path, url: str, at: int | None = None, *, method: str = "GET", drawn: bool = False
) -> list[Capture]:
    """Captures of a URL by a method, the nearest to a time to either side, or the latest ones.

    With ``drawn`` a page that a browser drew stands in the place of the answer that it was drawn from.
    """
    values = {"key": normalise(url), "method": method, "at": at}
    latest, before, after = _WITH_DRAWN if drawn else _AS_SENT
    asked = (latest,) if at is None else (before, after)
    rows = [row for one in asked for row in catalog.rows(one.sql, one.values | values)]
    found = [capture_of_row(row, directory) for row in rows]
    if any(one.kind == "revisit" for one in found):
        with catalog.reading() as connection:
            found = revisits.bound(connection, directory, found)
    replaced = {one.refers_to for one in found if one.kind == "conversion"}
    return [one for one in found if one.id not in replaced]


def chosen(found: Sequence[Capture], url: str, at: int | None = None) -> Capture | None:
    """The one of these captures of a URL that answers for it: the nearest to a time, the earlier of two as near.

    A redirect from one spelling of the address to another answers only for the spelling that was redirected.
    """
    if not found:
        return None
    asked = urldefrag(url).url
    when = max(one.at for one in found) if at is None else at
    ordered = sorted(found, key=lambda one: (abs(one.at - when), one.at, one.id))
    first = next((one for one in ordered if one.url == asked or not _leads_to_itself(one)), None)
    if first is None or first.url == asked:
        return first
    limit = abs(first.at - when) + SAME_VISIT
    return next((one for one in ordered if one.url == asked and abs(one.at - when) <= limit), first)


def with_payload(catalog: Catalog, directory: Path, capture: Capture) -> Capture:
    """The same capture; a revisit that names no record with what it revisits, where its digest leads to one."""
    if capture.kind != "revisit" or capture.referent is not None:
        return capture
    try:
        return revisits.followed(catalog, directory, capture)
    except (NotFound, DamagedRecord):
        return capture  # whoever reads its payload is told what it lacks


def _leads_to_itself(capture: Capture) -> bool:
    """Whether a capture is a redirect to another spelling of its own address."""
    if capture.status not in REDIRECTS:
        return False
    try:
        target = capture.message().location
    except PresskeepError:
        return False
    return target is not None and normalise(urljoin(capture.url, target)) == capture.key
