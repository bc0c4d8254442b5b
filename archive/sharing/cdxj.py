"""CDXJ: the index of an archive that pywb, ReplayWeb.page and others look captures up in.

One line a capture: SURT key, time, and JSON, in the form of cdxj-indexer (https://specs.webrecorder.net/cdxj/0.1.0/).
A 304 has no line, as in the indexes of the Internet Archive: pywb would replay it as it came, an empty page, where the
capture that it confirms is meant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archive.capture import Capture, Location
from archive.clock import to_datetime
from archive.sharing.selection import Selection, Share
from archive.sharing.sorting import in_order
from archive.surt import surt
from archive.target import STDOUT, open_target
from archive.warc.fields import target_uri
from archive.warc.quarantine import is_kept

if TYPE_CHECKING:
    from archive.store import Archive

REVISIT = "warc/revisit"  # the media type by which readers know a revisit
_NOT_MODIFIED = 304
_OFTEN = 500  # captures between two reports


@dataclass(frozen=True, slots=True)
class Indexed:
    """What was written: where to, how many lines, and how many bytes (None for standard output).

    ``confirmations`` counts the 304 answers, which have no line (pages that were drawn have none either), ``lost`` the
    captures that were lost to damage,
    ``withheld`` those that are kept back because of what they reserve.
    """

    target: str
    captures: int
    confirmations: int
    lost: int
    withheld: int
    bytes: int | None


def write_index(
    archive: Archive,
    target: str,
    selection: Selection,
    progress: Callable[[int, int, str], None] | None = None,
) -> Indexed:
    """Write the index of an archive's captures to a path or ``-``; file names are relative to ``warc/``.

    Memory does not grow with the archive. Raises NotFound where nothing is selected, and as
    `archive.target.open_target` does.
    """
    written = left_out = 0

    def lines(share: Share, total: int) -> Iterator[bytes]:
        nonlocal written, left_out
        for number, capture in enumerate(share.by_place(), 1):
            if progress and (number % _OFTEN == 0 or number == total):
                progress(number, total, "captures")
            if is_listed(capture):
                assert capture.location is not None
                yield line(capture, capture.location, origin=True)
                written += 1
            elif capture.kind != "conversion":
                left_out += 1

    with open_target(target) as out:
        with archive.catalog.reading() as connection:
            share = Share(connection, archive.warc_path, selection)
            total, lost, withheld = share.sum_up()[0], share.count_lost(), share.count_withheld()
            if not total:
                raise share.nothing()
            found = in_order(lines(share, total))
        out.writelines(found)
    size = None if target == STDOUT else Path(target).stat().st_size
    return Indexed(target, written, left_out, lost, withheld, size)


def is_listed(capture: Capture) -> bool:
    """Whether a capture has a line: a page that was drawn is drawn again in replay, from the answers."""
    return capture.status != _NOT_MODIFIED and capture.kind != "conversion"


@dataclass(frozen=True, slots=True)
class Entry:
    """What an index says of a capture: its SURT key, its time in 14 digits, and the fields behind."""

    key: str
    at: str
    fields: dict[str, str]


def line(capture: Capture, place: Location, *, origin: bool = False, sha256: str | None = None) -> bytes:
    """The line of a capture, as `entry` has it."""
    told = entry(capture, place, origin=origin, sha256=sha256)
    return f"{told.key} {told.at} {json.dumps(told.fields)}\n".encode("ascii")


def entry(capture: Capture, place: Location, *, origin: bool = False, sha256: str | None = None) -> Entry:
    """The entry of a capture whose record lies at a place; with ``origin``, where the payload of a revisit lies, too.

    ``sha256`` is that of the record's bytes at that place, in hex: ReplayWeb.page checks records by it.

    A revisit has the digest of the payload that it refers to, by which pywb finds it. What is unknown is left out.
    """
    url = target_uri(capture.url)  # as it stands in the record's head, with which readers compare it
    referent = capture.referent
    digest = (referent.payload_digest if referent is not None else None) or capture.payload_digest
    fields = {
        "url": url,
        "mime": REVISIT if capture.kind == "revisit" else capture.mime,
        "status": None if capture.status is None else str(capture.status),
        "digest": digest,
        **_place(place),
    }
    if capture.method != "GET":
        fields["method"] = capture.method
        url += f"{'&' if '?' in url else '?'}__wb_method={capture.method}"
    if sha256 is not None:
        fields["recordDigest"] = f"sha256:{sha256}"
    if origin and referent is not None and referent.location is not None and not is_kept(referent.location.file):
        fields |= {f"orig.{name}": value for name, value in _place(referent.location).items()}
    said = {name: value for name, value in fields.items() if value is not None}
    return Entry(surt(url), f"{to_datetime(capture.at):%Y%m%d%H%M%S}", said)


def _place(place: Location) -> dict[str, str | None]:
    return {"length": str(place.length), "offset": str(place.offset), "filename": place.file}
