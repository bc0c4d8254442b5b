"""The file's own description, and blocks of ``application/warc-fields``."""

from __future__ import annotations

import re

from archive.lint.finding import Faults, note, shown, warc, warning
from archive.lint.record import Record

_FIELD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*:")
_OPEN = ".open"  # Heritrix and Presskeep add it while they write
_FIELDS_LIMIT = 2**20  # of a block that is looked into

FIRST = note(
    "warcinfo-first",
    warc("5.5"),
    "A file should begin with a warcinfo record.",
    "Recommended, not demanded: it says who wrote the file, and how.",
)
FILENAME = note(
    "filename-differs",
    warc("5.17"),
    "The WARC-Filename is not the name of the file.",
    "It was renamed, or records of several files were put together.",
)
WARC_FIELDS = warning(
    "warc-fields",
    warc("8"),
    "A block of application/warc-fields is lines of names and values, in UTF-8.",
    "Lines that are no field are lost.",
)


def check(record: Record, *, first: bool, name: str) -> Faults:
    """What is wrong with the description of the file ``name``, and with blocks of fields."""
    if first and record.kind != "warcinfo":
        yield FIRST, f"it begins with a record of type {shown(record.kind)}"
    stated = record.field("WARC-Filename")
    if record.kind == "warcinfo" and stated is not None:
        plain = stated.strip().strip('"')
        if plain.removesuffix(_OPEN) != name.removesuffix(_OPEN):
            yield FILENAME, shown(stated)
    if record.media_type == "application/warc-fields" and record.complete and record.kept:
        yield from _fields(record.block[:_FIELDS_LIMIT])


def _fields(block: bytes) -> Faults:
    try:
        text = block.decode("utf-8")
    except UnicodeDecodeError as problem:
        if len(block) < _FIELDS_LIMIT:  # else a letter may have been cut at the limit
            yield WARC_FIELDS, f"byte {problem.start} is no UTF-8"
        return
    before = False
    for line in text.split("\n"):
        plain = line.removesuffix("\r")
        if not plain:
            continue
        if not _FIELD.match(plain) and not (before and plain[0] in " \t"):
            yield WARC_FIELDS, shown(plain)
            return
        before = True


RULES = (FIRST, FILENAME, WARC_FIELDS)
