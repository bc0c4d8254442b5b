"""Revisits: which capture one refers to, which ones refer to a capture, and what a new one may refer to.

All of it is asked of the catalogue's indexes, which need no memory: they are the archive's dedupe index.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, RowMapping, delete, select, text

from archive.capture import Capture
from archive.catalogue import blocking, losses, tables
from archive.catalogue.database import Catalog
from archive.catalogue.rows import capture_of_row
from archive.errors import DamagedRecord, NotFound, NotHttp, PayloadRefused, PresskeepError
from archive.exchange import Exchange
from archive.url import normalise
from archive.warc.answer import Answer
from archive.warc.digests import matches

# Revisits of revisits that are followed: our own refer to responses, and no writer is known to go beyond two.
MAX_STEPS = 8
# Earlier captures of a URL that are read and compared where a revisit names nothing but its digest.
MAX_READ = 20
_SECOND = 1_000_000
_NOT_MODIFIED = 304

_captures = tables.captures

logger = logging.getLogger(__name__)

_LIKE = tables.PAYLOAD_PREFIX.replace("payload_digest", ":digest")
# The index's own words, without parameters: only so does SQLite see that it serves the question.
_EARLIER = (
    select(_captures)
    .where(
        text(f"{tables.PAYLOAD_PREFIX} = {_LIKE}"),
        text("site = :site"),
        text("+payload_digest = :digest"),  # without the sign SQLite puts the value into the first condition, too
        text(tables.MAY_BE_REFERRED_TO),
        ~losses.is_lost(_captures.c.file),
        blocking.allowed(_captures.c.id),
    )
    .order_by(text("+captures.at"), _captures.c.id)  # the sign keeps it from the index that is in this order
    .limit(1)
)


# Most payloads are new: then this is all that is asked. The rest of the question is for those that are not.
_ANY = (
    f"SELECT 1 FROM captures WHERE {tables.PAYLOAD_PREFIX} = {_LIKE} AND site = :site"  # noqa: S608 - own words
    f" AND +payload_digest = :digest AND {tables.MAY_BE_REFERRED_TO} LIMIT 1"
)


def earlier(connection: Connection, directory: Path, site: str, payload_digest: str) -> Capture | None:
    """The earliest capture of a site, entered into the catalogue, that holds this payload whole; None for a new one."""
    row = connection.execute(_EARLIER, {"site": site, "digest": payload_digest}).mappings().first()
    return capture_of_row(row, directory) if row is not None else None


class Earlier:
    """Answers a writer's question for the capture that a revisit may refer to (`archive.warc.writer.Earlier`).

    Only what the catalogue has is durable; what it does not tell, because it is busy or broken, is stored whole.
    """

    def __init__(self, catalog: Catalog, directory: Path) -> None:
        self._catalog = catalog
        self._directory = directory

    def __call__(self, exchange: Exchange, answer: Answer, payload_digest: str | None) -> Capture | None:
        """The capture that holds the payload of an exchange; None where the exchange is to be stored whole."""
        try:
            return self._found(exchange, answer, payload_digest)
        except PresskeepError as error:
            logger.warning("%s is stored whole: %s", exchange.url, error)
            return None

    def _found(self, exchange: Exchange, answer: Answer, payload_digest: str | None) -> Capture | None:
        site = exchange.origin.site
        if site is None or exchange.method != "GET" or exchange.truncated is not None:
            return None
        if answer.status == _NOT_MODIFIED and exchange.confirms is not None:
            return self._confirmed(exchange.confirms, site)
        if answer.status != 200 or payload_digest is None or (answer.length or 0) < tables.LEAST_PAYLOAD:
            return None
        if not self._catalog.holds(_ANY, {"site": site, "digest": payload_digest}):
            return None
        with self._catalog.reading() as connection:
            return earlier(connection, self._directory, site, payload_digest)

    def _confirmed(self, capture_id: str, site: str) -> Capture | None:
        with self._catalog.reading() as connection:
            question = select(_captures).where(_captures.c.id == capture_id, blocking.allowed(_captures.c.id))
            row = connection.execute(question).mappings().first()
            if row is None or row["site"] != site:
                return None
            (capture,) = bound(connection, self._directory, [capture_of_row(row, self._directory)])
            found = capture if capture.kind == "response" else capture.referent
            if found is None or found.kind != "response" or found.truncated is not None or found.site != site:
                return None
            lost = select(_captures.c.id).where(_captures.c.id == found.id, losses.is_lost(_captures.c.file))
            return found if connection.scalar(lost) is None else None


def bound(connection: Connection, directory: Path, captures: Sequence[Capture]) -> list[Capture]:
    """The same captures; revisits with their referents, as far as ids, addresses and dates lead to them.

    No bytes are read. A revisit whose chain is broken, goes round or is too long is left without.
    """
    named = {one.refers_to for one in captures if one.kind == "revisit" and one.refers_to is not None}
    rows = _rows(connection, sorted(named))
    found = []
    for capture in captures:
        if capture.kind == "revisit" and capture.referent is None:
            referent = _followed(connection, directory, capture, rows)
            found.append(capture if referent is None else replace(capture, referent=referent))
        else:
            found.append(capture)
    return found


def bound_to(connection: Connection, directory: Path, captures: Sequence[tuple[Capture, str]]) -> list[Capture]:
    """Captures with the referents of these ids, such as a text names them; where one is not there, without."""
    rows = _rows(connection, sorted({one for _, one in captures}))
    return [
        replace(capture, referent=capture_of_row(rows[one], directory)) if one in rows else capture
        for capture, one in captures
    ]


def followed(catalog: Catalog, directory: Path, capture: Capture) -> Capture:
    """A capture with its referent, where it is a revisit; what no address leads to is looked for by its digest.

    Raises NotFound where the archive has no such capture, DamagedRecord where its payload is another one.
    """
    if capture.kind != "revisit":
        return capture
    given = capture
    if given.referent is None:
        with catalog.reading() as connection:
            (given,) = bound(connection, directory, [capture])
            # What names a record that is not here would only be guessed at.
            nameless = given.referent is None and capture.refers_to is None and capture.payload_digest is not None
            candidates = list(_earlier_ones(connection, directory, capture)) if nameless else []
        for one in candidates:
            if _agrees(capture, one):
                given = replace(capture, referent=one)
                break
    if given.referent is None:
        named = capture.refers_to or capture.refers_to_uri or capture.payload_digest or "which it does not name"
        raise NotFound(f"{capture.id} revisits a capture that the archive does not have ({named})", url=capture.url)
    if _agrees(capture, given.referent) is False:
        raise DamagedRecord(
            f"{capture.id} revisits {given.referent.id}, whose payload is not that of {capture.payload_digest}: run "
            "'presskeep verify'",
            url=capture.url,
        )
    return given


def referring_to(catalog: Catalog, directory: Path, capture: Capture) -> tuple[Capture, ...]:
    """The revisits whose payload is that of a capture, by time and id: what is lost when its record is purged.

    Revisits that name no id are found as `followed` finds what they refer to; revisits of revisits belong to them.
    """
    table = _captures
    those: dict[str, Capture] = {}
    with catalog.reading() as connection:
        nameless = select(table).where(table.c.kind == "revisit", table.c.refers_to.is_(None))
        loose = [capture_of_row(row, directory) for row in connection.execute(nameless).mappings()]
        ids = [capture.id]
        for _ in range(MAX_STEPS):
            by_id = select(table).where(table.c.kind == "revisit", table.c.refers_to.in_(ids))
            rows = [row for row in connection.execute(by_id).mappings() if row["id"] not in those]
            if not rows:
                break
            found = bound(connection, directory, [capture_of_row(row, directory) for row in rows])
            those.update((one.id, one) for one in found)
            ids = [one.id for one in found]
    held = {capture.id, *those}
    for one in loose:
        key = one.key if one.refers_to_uri is None else normalise(one.refers_to_uri)
        if key == capture.key or one.payload_digest == capture.payload_digest:
            with suppress(NotFound, DamagedRecord):
                led = followed(catalog, directory, one)
                if led.referent is not None and led.referent.id in held:
                    those[one.id] = led
    return tuple(sorted(those.values(), key=lambda one: (one.at, one.id)))


def forgive(connection: Connection, entered: Sequence[str]) -> None:
    """Forget what failed for want of these captures: revisits that were entered before what they refer to."""
    failures = tables.failures
    if not connection.scalar(select(failures.c.capture).limit(1)):
        return
    for some in tables.in_parts(entered):
        waiting = select(_captures.c.id).where(_captures.c.refers_to.in_(some))
        connection.execute(delete(failures).where(failures.c.capture.in_(waiting)))


def _rows(connection: Connection, ids: Sequence[str]) -> dict[str, RowMapping]:
    found: dict[str, RowMapping] = {}
    for some in tables.in_parts(ids):
        for row in connection.execute(select(_captures).where(_captures.c.id.in_(some))).mappings():
            found[row["id"]] = row
    return found


def _followed(
    connection: Connection, directory: Path, capture: Capture, known: dict[str, RowMapping]
) -> Capture | None:
    """What holds the payload of a revisit, at the end of its chain."""
    seen = {capture.id}
    for _ in range(MAX_STEPS):
        row = _named(connection, capture, known)
        if row is None or row["id"] in seen:
            return None
        seen.add(row["id"])
        capture = capture_of_row(row, directory)
        if capture.kind == "response":
            return capture
    return None


def _named(connection: Connection, revisit: Capture, known: dict[str, RowMapping]) -> RowMapping | None:
    """The capture that a revisit names: by its id, or by address and date, as older writers do."""
    table = _captures
    if revisit.refers_to is not None:
        if revisit.refers_to not in known:
            known.update(_rows(connection, [revisit.refers_to]))
        if revisit.refers_to in known:
            return known[revisit.refers_to]
    if revisit.refers_to_at is None:
        return None
    at = revisit.refers_to_at
    # Most writers know seconds only.
    until = at + (_SECOND if at % _SECOND == 0 else 1)
    question = (
        select(table)
        .where(
            table.c.key == normalise(revisit.refers_to_uri or revisit.url),
            table.c.at >= at,
            table.c.at < until,
            table.c.id != revisit.id,
        )
        .order_by(table.c.at, table.c.id)
        .limit(1)
    )
    return connection.execute(question).mappings().first()


def _earlier_ones(connection: Connection, directory: Path, revisit: Capture) -> Iterator[Capture]:
    """Responses of the same address before a revisit, the latest first."""
    table = _captures
    question = (
        select(table)
        .where(
            table.c.key == normalise(revisit.refers_to_uri or revisit.url),
            table.c.at <= revisit.at,
            table.c.kind == "response",
        )
        .order_by(table.c.at.desc(), table.c.id.desc())
        .limit(MAX_READ)
    )
    for row in connection.execute(question).mappings():
        yield capture_of_row(row, directory)


def _agrees(revisit: Capture, referent: Capture) -> bool | None:
    """Whether a revisit's digest is that of another capture's payload; None where nothing can be said.

    Some writers take it over the chunk framing.
    """
    stated = revisit.payload_digest
    if stated is None:
        return None
    if stated == referent.payload_digest:
        return True
    try:
        message = referent.message()
        entity = message.entity()
    except (NotHttp, PayloadRefused):
        return None
    found = matches(stated, [entity])
    return found or (matches(stated, [memoryview(message.raw)[message.body_offset :]]) if found is False else None)
