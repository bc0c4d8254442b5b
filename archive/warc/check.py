"""Findings about one WARC file: what is damaged, what can be repaired, what is another writer's convention."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding means for whoever relies on the file."""

    DAMAGED = "damaged"  # stored bytes are gone or not what they were
    REPAIRABLE = "repairable"  # nothing that was committed is lost; the next writer's start puts it right
    CONVENTION = "convention"  # another reading of the standard than ours; nothing to do


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be: in which file, at which offset, against which rule."""

    file: str
    offset: int
    rule: str
    severity: Severity
    message: str
