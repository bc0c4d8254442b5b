"""The quarantine: bytes that were taken out of a WARC file, kept beside ``warc/`` with a report on each range."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

from archive.clock import now, warc_date
from archive.durable import sync_directory, written
from archive.errors import DamagedRecord
from archive.warc.ranges import checksum, pieces
from archive.warc.scan import scan
from archive.warc.stored import Record

DIRECTORY = "quarantine"
_BYTES = ".bytes"


def location_of(name: str) -> str:
    """What stands for the WARC file in the location of a record whose bytes lie in the quarantine."""
    return f"{DIRECTORY}/{name}"


def is_kept(file: str) -> bool:
    """Whether a location's file is no WARC file but a range of bytes in the quarantine. No WARC file ends so."""
    return file.startswith(f"{DIRECTORY}/") and file.endswith(_BYTES)


def lost(file: str, length: int) -> DamagedRecord:
    """The error for whoever wants to read a record of which only ``length`` damaged bytes are left, if any."""
    left = f"which was cut out of its file: what is left of it lies in {file}" if length else "no byte of it is left"
    said = f"this record was lost to damage, {left}"
    return DamagedRecord(f"{said}; copy the file from a backup into warc/, then run 'presskeep repair'", file=file)


def set_aside(
    stream: BinaryIO, quarantine: Path, file: str, start: int, end: int, reason: str, *, once: bool = False
) -> Path:
    """Copies a range of an open WARC file into the quarantine, durably, with a report; returns the report's path.

    The name follows from file and offset, and where a file may be cut at one offset more than ``once`` from the bytes,
    too: so what was killed half-way is simply done again, and nothing is ever overwritten by something else.
    """
    quarantine.mkdir(parents=True, exist_ok=True)
    sha256 = checksum(stream, start, end)
    name = name_of(file, start, None if once else sha256)
    written(quarantine / name, pieces(stream, start, end))
    facts = {
        "file": file,
        "offset": start,
        "bytes": end - start,
        "sha256": sha256,
        "kept": name,
        "reason": reason,
        "at": warc_date(now()),
        "whole_records": [
            {"offset": one.offset, "length": one.length, "type": one.kind, "id": one.id}
            for one in scan(stream, start, end, file, limit=0)
            if isinstance(one, Record)
        ],
    }
    report = quarantine / f"{name.removesuffix(_BYTES)}.json"
    written(report, [json.dumps(facts, indent=2, ensure_ascii=False).encode("utf-8")])
    sync_directory(quarantine.parent)
    return report


def name_of(file: str, start: int, sha256: str | None = None) -> str:
    """The name under which a range that begins at an offset of a file is kept."""
    told = "" if sha256 is None else f"-{sha256.rpartition(':')[2][:8].lower()}"
    return f"{file.rpartition('/')[2]}.{start}{told}{_BYTES}"
