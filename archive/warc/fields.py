"""Named fields: the heads of WARC records, and blocks of ``application/warc-fields``.

A value in a block is written as it is, in UTF-8, where it fits on one line; any other value (control characters, line
ends, white space at an edge, a quotation mark at its start) is written as a JSON string in ASCII. So a value that
begins with a quotation mark is a JSON string, and every well-formed string (`archive.warc.wellformed`) comes back
exactly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from archive.warc.wellformed import well_formed

Pairs = Iterable[tuple[str, str]]

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)  # WARC/1.1, section 4, and RFC 9110, section 5.6.2
# A line as nearly all writers write it, that has nothing to be stripped and is not continued.
_PLAIN_LINE = re.compile(r"^([!-9;-~]+): (?![ \t\r])(.*[^ \t\r\n])\r\n", re.MULTILINE)
# U+2028 and U+2029 end a line for those who read with str.splitlines.
_UNPLAIN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_VISIBLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_OUTSIDE_URI = re.compile(r"[^\x21-\x3b\x3d\x3f-\x7e]")


@dataclass(slots=True)  # not frozen: that would cost each record a microsecond
class NamedFields:
    """Fields in their order; names are compared without case (WARC/1.1, section 4). They are not changed."""

    pairs: tuple[tuple[str, str], ...] = ()
    # By lower-case name: a record's fields are asked for a dozen times while it is read and checked.
    _first: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._first = {name.lower(): value for name, value in reversed(self.pairs)}

    def first(self, name: str) -> str | None:
        """The value of the first field of this name; None where there is none."""
        return self._first.get(name.lower())

    def all(self, name: str) -> tuple[str, ...]:
        """The values of all fields of this name, in their order."""
        wanted = name.lower()
        if wanted not in self._first:
            return ()
        return tuple([value for one, value in self.pairs if one.lower() == wanted])


def format_fields(pairs: Pairs) -> bytes:
    """A block of ``application/warc-fields``; raises ValueError for a name that is no token."""
    lines = []
    for name, value in pairs:
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a field")
        lines.append(f"{name}: {_written(value)}\r\n")
    return "".join(lines).encode("utf-8")


def parse_fields(block: bytes) -> NamedFields:
    """The fields of a block of ``application/warc-fields``, their values as they were before they were written.

    Lines that are no field are left out; a line that begins with white space continues the one before.
    """
    pairs = parse_lines(block)
    if b'"' in block:
        pairs = [(name, _read(value)) for name, value in pairs]
    return NamedFields(tuple(pairs))


def parse_lines(head: bytes) -> list[tuple[str, str]]:
    """The fields of some lines, their values as they stand: UTF-8, or latin-1 where they are not."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    if (plain := _plain(text)) is not None:
        return plain
    pairs: list[tuple[str, str]] = []
    for line in text.split("\n"):
        if line[:1] in {" ", "\t"} and pairs:
            name, value = pairs[-1]
            pairs[-1] = (name, " ".join(part for part in (value, line.strip(" \t\r")) if part))
            continue
        name, colon, value = line.partition(":")
        if colon and name.strip():
            pairs.append((name.strip(), value.strip(" \t\r")))
    return pairs


def _plain(text: str) -> list[tuple[str, str]] | None:
    """The fields where all lines are plain and whole; None where one is not."""
    found: list[tuple[str, str]] = _PLAIN_LINE.findall(text)
    # Each match takes a line feed, so that as many matches as line feeds leave no line out.
    return found if len(found) == text.count("\n") and (text[-1:] == "\n" or not text) else None


def is_plain(value: str) -> bool:
    """Whether a value can stand in the head of a record: visible ASCII, no space at an edge, not empty."""
    return _VISIBLE.fullmatch(value) is not None


def target_uri(url: str) -> str:
    """A URL as ``WARC-Target-URI`` can hold it: what no URI may contain is percent-encoded as UTF-8.

    So neither a space nor a line end nor an angle bracket of a hostile link reaches the head of a record.
    """
    return _OUTSIDE_URI.sub(
        lambda one: "".join(f"%{byte:02X}" for byte in one[0].encode("utf-8", "surrogatepass")), url
    )


def _written(value: str) -> str:
    value = well_formed(value)
    if value.startswith('"') or value != value.strip() or _UNPLAIN.search(value):
        return json.dumps(value)
    return value


def _read(value: str) -> str:
    if value.startswith('"'):
        with suppress(ValueError):  # another writer's quotation mark
            return well_formed(str(json.loads(value)))
    return value
