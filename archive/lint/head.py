"""The head of a record as it lies in the file: its version line, its fields, and what is wrong with their writing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from archive.lint.finding import Fault, error, note, shown, warc
from archive.warc.fields import NamedFields

HEAD_LIMIT = 2**20  # Common heads have less than 2 KiB
_SHOWN_FAULTS = 20  # of one head
_KNOWN = {"0.17", "0.18", "1.0", "1.1"}
_VERSION = re.compile(rb"WARC/(\d{1,3}\.\d{1,3})(\r?\n)")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")

VERSION = error(
    "version-line",
    warc("4"),
    "A record begins with a line `WARC/` and the version, and nothing else.",
    "Readers know a record by this line.",
)
UNKNOWN_VERSION = error(
    "version-unknown",
    warc("4"),
    "The version of the record is none of 0.17, 0.18, 1.0 and 1.1.",
    "Nobody can say by which rules it is to be read.",
)
LINE_END = error(
    "head-line-end",
    warc("4"),
    "Lines of a head end with a carriage return and a line feed.",
    "Strict readers do not find the end of such a head.",
)
FOLDED = note(
    "head-folded",
    warc("4"),
    "A field goes on in a second line.",
    "The grammar allows it; many readers do not, and the annotated standard recommends against it.",
)
NOT_UTF8 = error(
    "head-not-utf8",
    warc("4"),
    "A head is written in UTF-8.",
    "Readers decode it in different ways, or fail.",
)
MALFORMED = error(
    "field-malformed",
    warc("4"),
    "Each line of a head is a field: a name that is a token, a colon, a value.",
    "The line is lost, or ends the head for some readers.",
)
CONTROL = error(
    "field-control",
    warc("4"),
    "A field's value holds no control characters.",
    "They end lines early, or steer the terminal of whoever looks.",
)
TOO_LONG = error(
    "head-too-long",
    warc("4"),
    f"A head has no end within {HEAD_LIMIT:,} bytes.",
    "No writer makes such heads; a reader would have to keep all of it.",
)
CUT = error(
    "head-cut",
    warc("4"),
    "The file, or the member, ends within a record's head.",
    "What the record was is lost.",
)


@dataclass(slots=True)
class Head:
    """A head: its version (``1.1``), its fields with values as they stand, and the faults of its writing."""

    version: str
    fields: NamedFields
    faults: list[Fault] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The WARC-Type as it stands; nothing where there is none."""
        return (self.fields.first("WARC-Type") or "").strip()


def parse(raw: bytes) -> Head:
    """The head in these bytes, which begin with ``WARC/`` and end with the empty line."""
    head = Head("", NamedFields())
    found = _VERSION.match(raw)
    if found:
        head.version = found[1].decode("ascii")
        rest = raw[found.end() :]
        if head.version not in _KNOWN:
            head.faults.append((UNKNOWN_VERSION, f"WARC/{head.version}"))
    else:
        line, _, rest = raw.partition(b"\n")
        head.faults.append((VERSION, shown(line.decode("latin-1"))))
    bare = raw.count(b"\n") - raw.count(b"\r\n")
    if bare:
        head.faults.append((LINE_END, f"{bare} of its line ends are a line feed alone"))
    try:
        text = rest.decode("utf-8")
    except UnicodeDecodeError as problem:
        head.faults.append((NOT_UTF8, f"at byte {problem.start + len(raw) - len(rest)} of the head"))
        text = rest.decode("latin-1")
    head.fields = NamedFields(tuple(_pairs(text, head.faults)))
    return head


def _pairs(text: str, faults: list[Fault]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    parts: list[list[str]] = []  # joined once: a field folded a million times must not cost its square
    folded = 0
    found: list[Fault] = []
    for whole in text.split("\n"):
        line = whole.removesuffix("\r")
        if not line:
            continue
        if line[0] in " \t" and pairs:
            folded += 1
            parts[-1].append(line.strip(" \t"))
            continue
        name, colon, value = line.partition(":")
        if len(found) < _SHOWN_FAULTS:
            if not colon or not _TOKEN.fullmatch(name):
                found.append((MALFORMED, shown(line)))
            if control := _CONTROL.search(value):
                found.append((CONTROL, f"{shown(name)} has U+{ord(control[0]):04X}"))
        if colon and name.strip():
            pairs.append((name.strip(), ""))
            parts.append([value.strip(" \t")])
    if folded:
        faults.append((FOLDED, f"{folded} of its lines go on with the one before"))
    faults += found
    return [(name, " ".join(part for part in some if part)) for (name, _), some in zip(pairs, parts, strict=True)]


RULES = (VERSION, UNKNOWN_VERSION, LINE_END, FOLDED, NOT_UTF8, MALFORMED, CONTROL, TOO_LONG, CUT)
