"""Copies: what else in an archive is the payload of a capture, whatever algorithm its digest is by.

An archive may have digests of two algorithms (`digest` in `archive.toml` was changed), and revisits in files of other
writers keep the digest that they state, in the form in which they state it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection, func, select

from archive.capture import Capture
from archive.catalogue import revisits, tables
from archive.catalogue.holdings import FETCH
from archive.errors import DamagedRecord, PayloadRefused
from archive.warc.digests import algorithm_of, parsed

_SOME = 200  # captures whose referents are asked for at once
_Raw = tuple[str, bytes]  # the name of an algorithm, a digest by it


def payload_digests(connection: Connection, directory: Path, captures: Iterable[Capture]) -> set[str]:
    """The digests, as the catalogue has them, of all captures whose payload is that of one of these.

    Their bytes are read only where the catalogue has digests of other algorithms. Of what cannot be read, the digest
    that it states has to do. ``directory`` is the archive's ``warc/``.
    """
    # One of each payload is enough.
    by_digest = {one.payload_digest: one for one in captures if one.payload_digest is not None}
    if not by_digest:
        return set()
    raw = {known for stated in by_digest if (known := parsed(stated)) is not None}
    names = _algorithms(connection)
    if names - {name for name, _ in raw} or len({name for name, _ in raw}) > 1:
        raw.update(_read(connection, directory, list(by_digest.values()), names))
    column = tables.captures.c.payload_digest
    question = select(column).where(column.is_not(None)).execution_options(yield_per=FETCH)
    stated_ones = connection.scalars(question)
    return {stated for stated in stated_ones if stated in by_digest or parsed(stated) in raw}


def _algorithms(connection: Connection) -> set[str]:
    """The names of the algorithms by which the catalogue has digests."""
    column = tables.captures.c.payload_digest
    labels = select(func.substr(column, 1, func.instr(column, ":") - 1)).where(column.is_not(None)).distinct()
    return {name for label in connection.scalars(labels) if (name := algorithm_of(label)) is not None}


def _read(connection: Connection, directory: Path, captures: list[Capture], names: set[str]) -> Iterator[_Raw]:
    for start in range(0, len(captures), _SOME):
        for capture in revisits.bound(connection, directory, captures[start : start + _SOME]):
            if capture.kind == "revisit" and capture.referent is None:
                continue
            try:
                message = capture.representation()
                entity = message.entity_view()
            except (DamagedRecord, PayloadRefused, OSError):
                continue
            # Some writers state the digest of the body as it was framed.
            for content in (entity, memoryview(message.raw)[message.body_offset :]):
                for name in sorted(names) if content else ():
                    yield name, hashlib.new(name, content, usedforsecurity=False).digest()
