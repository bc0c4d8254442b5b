"""The catalogue's tables.

Everything here is derived from the WARC files. No key is made by the database: ids are record URNs. A time is an
integer, microseconds since 1970, UTC. `pending` and `failures` are operational: what waits for the cleaner, and what it
could not do; no part of what a rebuild must equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, text

SCHEMA = 5  # of these tables; a catalogue of an older one is made anew by a rebuild, a newer one is refused

AT_ONCE = 500  # values in one statement: SQLite takes a limited number of parameters

metadata = MetaData()

T = TypeVar("T")


def in_parts(values: Iterable[T]) -> Iterator[list[T]]:
    """Values by as many as go into one statement."""
    waiting = iter(values)
    while some := list(islice(waiting, AT_ONCE)):
        yield some


def _text(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=null)


def _number(name: str, *, key: bool = False, null: bool = False) -> Column[int]:
    # BIGINT would not be SQLite's INTEGER PRIMARY KEY, and nothing here shall be a row number.
    return Column(name, BigInteger, primary_key=key, nullable=null, autoincrement=False)


def _place() -> tuple[Column[str], Column[int], Column[int]]:
    return _text("file"), _number("offset"), _number("length")


about = Table("about", metadata, _text("name", key=True), _text("value"))

# The dedupe index: captures that a revisit may refer to, by site and payload. 80 bits of a digest tell ten million
# payloads apart, and the row has all of it; so the index takes half the room. No memory is needed for it but SQLite's
# cache of pages (`archive.catalogue.revisits`, benchmarks/dedupe.py).
PAYLOAD_PREFIX = "substr(payload_digest, 8, 16)"
LEAST_PAYLOAD = 1024  # bytes: a revisit's own fields are as long
MAY_BE_REFERRED_TO = (
    "kind = 'response' AND status = 200 AND method = 'GET' AND truncated IS NULL AND site IS NOT NULL"
    f" AND payload_length >= {LEAST_PAYLOAD}"
    " AND substr(file, 1, 9) <> 'attached/'"  # what lies elsewhere may go away
)

captures = Table(
    "captures",
    metadata,
    _text("id", key=True),
    _text("url"),
    _text("key"),
    _number("at"),
    _text("kind"),
    _text("method"),
    Column("status", Integer),
    _text("mime", null=True),
    _text("role"),
    _text("site", null=True),
    _text("run", null=True),
    _text("via", null=True),
    _text("source", null=True),
    _text("hops"),
    _text("announced", null=True),
    _text("ip", null=True),
    _text("truncated", null=True),
    _text("masked"),  # a JSON list
    _text("reservations"),  # a JSON list
    _text("payload_digest", null=True),
    _number("payload_length", null=True),
    _number("duration", null=True),
    _text("refers_to", null=True),
    _text("refers_to_uri", null=True),
    _number("refers_to_at", null=True),
    _text("framing", null=True),
    _text("record", null=True),  # the id in the record's head, where it is not the capture's: foreign files repeat ids
    *_place(),
    Index("captures_by_key", "key", "at", "id"),
    Index("captures_by_time", "at", "id"),
    Index("captures_by_site", "site", "at", "id"),
    Index("captures_by_run", "run", "at", "id"),
    Index("captures_by_place", "file", "offset"),
    Index("captures_by_payload", text(PAYLOAD_PREFIX), "site", sqlite_where=text(MAY_BE_REFERRED_TO)),
    Index("captures_by_referent", "refers_to", sqlite_where=text("refers_to IS NOT NULL")),
    Index("captures_by_referent_uri", "refers_to_uri", sqlite_where=text("refers_to_uri IS NOT NULL")),
    Index("captures_by_record", "record", sqlite_where=text("record IS NOT NULL")),
)

# Where foreign files hold captures that the archive has from another file: if that one goes, they take its place.
copies = Table(
    "copies",
    metadata,
    _text("file", key=True),
    _number("offset", key=True),
    _text("id"),
    Index("copies_by_id", "id"),
    sqlite_with_rowid=False,
)

attempts = Table(
    "attempts",
    metadata,
    _text("id", key=True),
    _text("url"),
    _text("key"),
    _number("at"),
    _text("reason"),
    _text("detail"),
    _text("method"),
    _number("duration"),
    _text("ip", null=True),
    _text("protocols"),  # a JSON list
    _text("cipher", null=True),
    _text("masked"),  # a JSON list
    _text("site", null=True),
    _text("run", null=True),
    _text("role"),
    _text("via", null=True),
    _text("source", null=True),
    _text("hops"),
    _number("retry"),
    _text("announced", null=True),
    *_place(),
    Column("request", LargeBinary, nullable=False),
    Index("attempts_by_key", "key", "at", "id"),
    Index("attempts_by_time", "at", "id"),
    Index("attempts_by_site", "site", "at", "id"),
    Index("attempts_by_run", "run", "at", "id"),
    Index("attempts_by_place", "file", "offset"),
)

# The beginnings and ends of runs, one row a record: several processes write one run, and a sum of rows does not depend
# on the order in which their files are read.
marks = Table(
    "runs",
    metadata,
    _text("file", key=True),
    _number("offset", key=True),
    _number("length"),
    _text("run"),
    _number("at"),
    _text("command", null=True),  # of a beginning
    _text("sites"),  # a JSON list
    _text("software"),
    _text("outcome", null=True),  # of an end
    Index("runs_by_run", "run", "at"),
)

sites = Table(
    "sites",
    metadata,
    _text("id", key=True),
    _text("site"),
    _text("run", null=True),
    _number("at"),
    _text("digest"),
    *_place(),
    Column("body", LargeBinary, nullable=False),
    Index("sites_by_site", "site", "at"),
)

acts = Table(
    "acts",
    metadata,
    _text("id", key=True),
    _text("act"),
    _text("run", null=True),
    _number("at"),
    _text("facts"),  # a JSON list of names and values
    *_place(),
    Index("acts_in_order", "act", "at", "id"),
)

# What may not be handed out: captures and attempts that a takedown concerns. It follows from the acts and their keys.
blocked = Table(
    "blocked",
    metadata,
    _text("id", key=True),
    _text("key"),
    sqlite_with_rowid=False,
)

files = Table(
    "files",
    metadata,
    _text("file", key=True),  # its final name, relative to warc/
    _number("size"),  # bytes whose records the catalogue has
    _text("sha256", null=True),  # of a closed file; None while it is written, and after a writer's death until adopted
)

# What the indexes are for by which edits are found (`archive.catalogue.edited`). A catalogue without them is slower,
# and as good: they came later than its schema.
MAY_BE_GONE = "texts.verdict IN ('soft-404', 'http-error')"
LATER = "editions.number > 1"

# A site of None is "" in the tables of texts, so that it can be part of a key.
texts = Table(
    "texts",
    metadata,
    _text("cleaner", key=True),
    _text("capture", key=True),
    _text("site"),
    _text("key"),
    _number("at"),
    _text("identity"),
    _text("verdict"),
    _text("text_digest", null=True),  # of an article: what editions compare
    _text("profile"),
    _text("canonical"),  # canonical JSON; last, because it is long and most questions do not need it
    Index("texts_in_order", "cleaner", "site", "key", "at", "capture"),
    Index("texts_by_key", "cleaner", "key", "site", "at", "capture"),
    Index("texts_by_time", "cleaner", "at", "capture"),
    Index("texts_gone", "cleaner", "site", "key", "at", "capture", "verdict", sqlite_where=text(MAY_BE_GONE)),
)

editions = Table(
    "editions",
    metadata,
    _text("cleaner", key=True),
    _text("site", key=True),
    _text("key", key=True),
    _number("number", key=True),  # from 1
    _text("text_digest"),
    _text("first_capture"),
    _number("first_at"),
    _text("last_capture"),
    _number("last_at"),
    _number("captures"),
    # Edits by their time: few, while a table in the order of stories would have to be read as a whole for them.
    Index("editions_later", "cleaner", "first_at", "first_capture", sqlite_where=text(LATER)),
    sqlite_with_rowid=False,
)

# The further pages that texts name, each with the capture that a text was made with (`archive.catalogue.further`).
further = Table(
    "further",
    metadata,
    _text("cleaner", key=True),
    _text("capture", key=True),
    _text("key", key=True),
    _text("companion", null=True),
    Index("further_by_key", "key"),
    Index("further_by_companion", "companion", sqlite_where=text("companion IS NOT NULL")),
    sqlite_with_rowid=False,
)

pending = Table(
    "pending",
    metadata,
    _text("file", key=True),
    _number("offset", key=True),
    _text("capture"),
    sqlite_with_rowid=False,
)

failures = Table(
    "failures",
    metadata,
    _text("cleaner", key=True),
    _text("capture", key=True),
    _text("reason"),
    _text("detail"),
    _number("tries"),
)

# What a rebuild makes again, exactly.
DERIVED = (captures, copies, attempts, marks, sites, acts, blocked, files, texts, editions, further)
