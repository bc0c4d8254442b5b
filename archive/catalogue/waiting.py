"""What waits for the cleaner, and what it could not do: the operational side of the texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, literal, select, tuple_
from sqlalchemy.dialects.sqlite import insert

from archive.capture import Capture
from archive.catalogue import blocking, revisits, tables
from archive.catalogue.database import Catalog
from archive.catalogue.holdings import cleanable
from archive.catalogue.rows import capture_of_row, reads_rows
from archive.failure import CleaningFailure, FailureReason

MAX_TRIES = 3  # a page that failed so often fails for a reason of its own, not of the machine's load
_CLEANER = "cleaner"  # the row of `about` that says for which cleaner the table of pending captures is

pending, failures, captures, texts, about = (
    tables.pending,
    tables.failures,
    tables.captures,
    tables.texts,
    tables.about,
)


@dataclass(frozen=True, slots=True)
class TextJob:
    """Captures to be cleaned: those that lack a text in a committed range of one WARC file.

    ``archive`` is the archive's directory, ``file`` relative to its ``warc/``; ``start`` and ``end`` count file bytes.
    """

    archive: Path
    file: str
    start: int
    end: int
    captures: int = 0  # how many waited when the job was cut


@dataclass(frozen=True, slots=True)
class FailedText:
    """A capture that the cleaner could not do: why the last try failed, and how many there were."""

    capture_id: str
    url: str
    site: str | None
    at: int
    reason: FailureReason
    detail: str
    tries: int


def _waiting(cleaner: str) -> Select[Any]:
    tries = select(failures.c.tries).where(failures.c.cleaner == cleaner, failures.c.capture == pending.c.capture)
    return (
        select(pending.c.file, pending.c.offset, captures.c.length)
        .join_from(pending, captures, captures.c.id == pending.c.capture)
        .where(func.coalesce(tries.scalar_subquery(), 0) < MAX_TRIES, blocking.allowed(captures.c.id))
    )


def text_jobs(catalog: Catalog, archive: Path, cleaner: str, most: int | None = None) -> tuple[TextJob, ...]:
    """The captures that lack a text by this cleaner, in jobs of one file and at most ``most`` captures each.

    Those that failed too often are left out.
    """
    ready(catalog, cleaner)
    jobs: list[TextJob] = []
    with catalog.reading() as connection:
        for file, offset, length in connection.execute(_waiting(cleaner).order_by(pending.c.file, pending.c.offset)):
            last = jobs[-1] if jobs else None
            if last is None or last.file != file or last.captures == most:
                jobs.append(TextJob(archive, file, offset, offset + length, 1))
            else:
                jobs[-1] = TextJob(archive, file, last.start, offset + length, last.captures + 1)
    return tuple(jobs)


def captures_in(catalog: Catalog, directory: Path, cleaner: str, job: TextJob) -> list[Capture]:
    """The captures of a job that lack a text by this cleaner, in the order of the file."""
    ready(catalog, cleaner)
    within = (pending.c.file == job.file, pending.c.offset >= job.start, pending.c.offset < job.end)
    question = _waiting(cleaner).where(*within).order_by(pending.c.offset)
    with catalog.reading() as connection:
        rows = connection.execute(question.with_only_columns(*captures.c)).mappings().all()
        return revisits.bound(connection, directory, [capture_of_row(row, directory) for row in rows])


def ready(catalog: Catalog, cleaner: str) -> None:
    """See to it that what is pending is pending for this cleaner: after an update of it, all that it has not done."""
    with catalog.reading() as connection:
        if _set_for(connection) == cleaner:
            return
    with catalog.writing() as connection:
        if _set_for(connection) == cleaner:
            return
        connection.execute(delete(pending))
        missing = select(captures.c.file, captures.c.offset, captures.c.id).where(cleanable(), ~_done(cleaner))
        names = ["file", "offset", "capture"]
        connection.execute(insert(pending).from_select(names, missing).on_conflict_do_nothing())
        statement = insert(about).values(name=_CLEANER, value=cleaner)
        connection.execute(
            statement.on_conflict_do_update(index_elements=[about.c.name], set_={"value": statement.excluded.value})
        )


def _done(cleaner: str) -> ColumnElement[bool]:
    return select(literal(1)).where(texts.c.cleaner == cleaner, texts.c.capture == captures.c.id).exists()


def _set_for(connection: Connection) -> str | None:
    return connection.scalar(select(about.c.value).where(about.c.name == _CLEANER))


def count(connection: Connection, cleaner: str) -> tuple[int, int]:
    """How many captures lack a text by a cleaner, and how many of those it has failed to make so far."""
    lacking = select(func.count()).select_from(captures)
    lacking = lacking.where(cleanable(), ~_done(cleaner), blocking.allowed(captures.c.id))
    failed = select(func.count()).select_from(failures).where(failures.c.cleaner == cleaner)
    return connection.scalar(lacking) or 0, connection.scalar(failed) or 0


def settle(connection: Connection, cleaner: str, done: Sequence[Capture]) -> None:
    """Captures have their text: they wait no longer, and earlier failures are forgotten."""
    if not done or _set_for(connection) != cleaner:
        return
    ids = [capture.id for capture in done]
    places = [(capture.location.file, capture.location.offset) for capture in done if capture.location]
    connection.execute(delete(pending).where(tuple_(pending.c.file, pending.c.offset).in_(places)))
    connection.execute(delete(failures).where(failures.c.cleaner == cleaner, failures.c.capture.in_(ids)))


def fail(connection: Connection, cleaner: str, failed: Sequence[tuple[Capture, CleaningFailure]]) -> None:
    """Record failures; they are tried again by later jobs, a few times."""
    if not failed:
        return
    statement = insert(failures)
    given = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[failures.c.cleaner, failures.c.capture],
            set_={"reason": given.reason, "detail": given.detail, "tries": failures.c.tries + 1},
        ),
        [
            {
                "cleaner": cleaner,
                "capture": capture.id,
                "reason": failure.reason.value,
                "detail": failure.detail,
                "tries": 1,
            }
            for capture, failure in failed
        ],
    )


def forgive(connection: Connection, cleaner: str) -> int:
    """Forget all failures of a cleaner, so that its captures are tried again; the number of them."""
    return connection.execute(delete(failures).where(failures.c.cleaner == cleaner)).rowcount


def failed(catalog: Catalog, cleaner: str) -> Iterator[FailedText]:
    """What a cleaner could not do, ordered by time and id of the capture."""
    question = (
        select(failures, captures.c.url, captures.c.site, captures.c.at)
        .join_from(failures, captures, captures.c.id == failures.c.capture)
        .where(failures.c.cleaner == cleaner, blocking.allowed(captures.c.id))
        .order_by(captures.c.at, captures.c.id)
    )
    with catalog.reading() as connection:
        for row in connection.execute(question):
            yield _failed(row)


@reads_rows
def _failed(row: Row[Any]) -> FailedText:
    return FailedText(row.capture, row.url, row.site, row.at, FailureReason(row.reason), row.detail, row.tries)
