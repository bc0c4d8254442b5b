"""Pairs: twins and the addresses that they name as their own, as rows of ``state.sqlite`` (`crawler.pairing`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from archive.article import Verdict

# Verdicts of which there is a text.
TEXTS = frozenset({Verdict.ARTICLE, Verdict.TEASER, Verdict.PAYWALL, Verdict.LIVE_BLOG})

# Of one article. An AMP page and two for small screens are many; a site that numbers its answers has no end of them,
# and each is looked at with each capture of the article.
MOST = 50

_NAMED = ", ".join(f"'{one}'" for one in sorted(TEXTS))
# A twin counts while the other page is there, or is about to be fetched for the first time.
_STANDS = (
    "(twins.state = 'twin' AND urls.state IN ('done', 'due') OR twins.state = 'claimed' AND urls.state = 'due')"
    f" AND coalesce(urls.verdict, 'article') IN ({_NAMED})"
)
_STANDING = (
    "SELECT twins.key, twins.own, twins.url FROM twins JOIN urls ON urls.site = twins.site AND urls.key = twins.own"  # noqa: S608
    f" WHERE twins.site = ? AND {_STANDS}"
)

Read = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]


class Claim(StrEnum):
    """How far it is true that a page is a twin."""

    CLAIMED = "claimed"  # the other page is not fetched yet, or is none
    TWIN = "twin"  # both were fetched, and are one story
    REFUSED = "refused"  # its canonical address is not believed


@dataclass(frozen=True, slots=True)
class Pair:
    """A page and the address that it names as its own: ``own`` is that one's key, ``url`` how it is written.

    ``at`` is the time of the capture that says so, in microseconds since 1970, UTC.
    """

    site: str
    key: str
    form: str
    own: str
    url: str
    at: int
    claim: Claim
    reason: str = ""


_COLUMNS = "site, key, form, own, url, at, state, reason"


def of(read: Read, site: str, key: str) -> Pair | None:
    """The pair of a page, be it a twin or not; None where it names no other address."""
    rows = read(f"SELECT {_COLUMNS} FROM twins WHERE site = ? AND key = ?", (site, key))  # noqa: S608 - constants
    return _pair(rows[0]) if rows else None


def of_own(read: Read, site: str, own: str) -> list[Pair]:
    """The pages that name an address as their own, the latest first and at most ``MOST``."""
    question = f"SELECT {_COLUMNS} FROM twins WHERE site = ? AND own = ? ORDER BY at DESC, key LIMIT ?"  # noqa: S608
    return [_pair(row) for row in read(question, (site, own, MOST))]


def _pair(row: Sequence[Any]) -> Pair:
    site, key, form, own, url, at, claim, reason = row
    return Pair(site, key, form, own, url, at, Claim(claim), reason)


def standing(read: Read, site: str, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Which of these are twins as things stand: with key and address of the page that is fetched instead."""
    marks = ",".join("?" * len(keys))
    rows = read(f"{_STANDING} AND twins.key IN ({marks})", (site, *keys))
    return {key: (own, url) for key, own, url in rows}


def put(db: sqlite3.Connection, pairs: Iterable[Pair]) -> None:
    """Note what pages say, unless a later capture of them said something already."""
    db.executemany(
        f"INSERT INTO twins ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
        " ON CONFLICT (site, key) DO UPDATE SET form = excluded.form, own = excluded.own, url = excluded.url,"
        " at = excluded.at, state = excluded.state, reason = excluded.reason WHERE excluded.at >= at",
        [(one.site, one.key, one.form, one.own, one.url, one.at, str(one.claim), one.reason[:300]) for one in pairs],
    )


def reader(db: sqlite3.Connection) -> Read:
    """How rows are read within a transaction."""
    return lambda question, values: db.execute(question, values).fetchall()
