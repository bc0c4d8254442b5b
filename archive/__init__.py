"""Presskeep's archive: captures as they crossed the wire, and the clean text that they prove.

This face hands on the names that programs need. Each is imported when it is first asked for: who only reads captures
does not wait for the extraction library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.article import (
        Article,
        Block,
        BlockKind,
        Evidence,
        Further,
        Image,
        Provenance,
        Refusal,
        Source,
        Verdict,
        canonical_json,
        from_json,
    )
    from archive.capture import Capture, Location
    from archive.cleaning.clean import clean
    from archive.cleaning.ledger import Ledger, LedgerEntry, ledger
    from archive.cleaning.profile import Profile
    from archive.cleaning.version import CLEANER
    from archive.dataset.export import Exported, Format, export
    from archive.dataset.foreign import SCHEMAS
    from archive.dataset.rows import PRESSKEEP, Entry, Schema
    from archive.dataset.selection import Editions, Selection, choose
    from archive.errors import NotFound, PresskeepError
    from archive.event import Run, StoredAttempt
    from archive.exchange import Attempt, Exchange, NoAnswer, Origin, Role, Truncation
    from archive.http import HttpMessage
    from archive.prove import Proof
    from archive.several import Archives, Held
    from archive.store import Archive

_HOMES = {
    "Archive": "archive.store",
    "Archives": "archive.several",
    "Article": "archive.article",
    "Attempt": "archive.exchange",
    "Block": "archive.article",
    "BlockKind": "archive.article",
    "CLEANER": "archive.cleaning.version",
    "Capture": "archive.capture",
    "Editions": "archive.dataset.selection",
    "Entry": "archive.dataset.rows",
    "Evidence": "archive.article",
    "Further": "archive.article",
    "Exchange": "archive.exchange",
    "Exported": "archive.dataset.export",
    "Format": "archive.dataset.export",
    "Held": "archive.several",
    "HttpMessage": "archive.http",
    "Image": "archive.article",
    "Ledger": "archive.cleaning.ledger",
    "LedgerEntry": "archive.cleaning.ledger",
    "Location": "archive.capture",
    "NoAnswer": "archive.exchange",
    "NotFound": "archive.errors",
    "Origin": "archive.exchange",
    "PRESSKEEP": "archive.dataset.rows",
    "PresskeepError": "archive.errors",
    "Profile": "archive.cleaning.profile",
    "Proof": "archive.prove",
    "Provenance": "archive.article",
    "Refusal": "archive.article",
    "Role": "archive.exchange",
    "Run": "archive.event",
    "SCHEMAS": "archive.dataset.foreign",
    "Schema": "archive.dataset.rows",
    "Selection": "archive.dataset.selection",
    "Source": "archive.article",
    "StoredAttempt": "archive.event",
    "Truncation": "archive.exchange",
    "Verdict": "archive.article",
    "canonical_json": "archive.article",
    "choose": "archive.dataset.selection",
    "clean": "archive.cleaning.clean",
    "export": "archive.dataset.export",
    "from_json": "archive.article",
    "ledger": "archive.cleaning.ledger",
}

__all__ = [
    "CLEANER",
    "PRESSKEEP",
    "SCHEMAS",
    "Archive",
    "Archives",
    "Article",
    "Attempt",
    "Block",
    "BlockKind",
    "Capture",
    "Editions",
    "Entry",
    "Evidence",
    "Exchange",
    "Exported",
    "Format",
    "Further",
    "Held",
    "HttpMessage",
    "Image",
    "Ledger",
    "LedgerEntry",
    "Location",
    "NoAnswer",
    "NotFound",
    "Origin",
    "PresskeepError",
    "Profile",
    "Proof",
    "Provenance",
    "Refusal",
    "Role",
    "Run",
    "Schema",
    "Selection",
    "Source",
    "StoredAttempt",
    "Truncation",
    "Verdict",
    "canonical_json",
    "choose",
    "clean",
    "export",
    "from_json",
    "ledger",
]


def __getattr__(name: str) -> object:
    if (home := _HOMES.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value  # asked for once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
