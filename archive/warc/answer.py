"""What the bytes of an answer show of themselves: read alike when they are written and when they are read back."""

from __future__ import annotations

from dataclasses import dataclass

from archive.errors import DamagedRecord, PayloadRefused
from archive.http import HttpMessage
from archive.warc.digests import labelled


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and media type of an answer, and its entity body: transfer coding removed, content coding kept.

    All None for bytes without a status line. ``entity`` alone is None where the transfer coding cannot be removed.
    """

    status: int | None = None
    mime: str | None = None
    entity: memoryview | None = None

    @classmethod
    def of(cls, block: bytes) -> Answer:
        """What a stored or received answer shows."""
        try:
            message = HttpMessage.parse(block)
        except DamagedRecord:
            return cls()
        try:
            return cls(message.status, message.mime, message.entity_view())
        except PayloadRefused:
            return cls(message.status, message.mime)

    @property
    def length(self) -> int | None:
        """Bytes of the entity body; None where there is none."""
        return None if self.entity is None else len(self.entity)

    def digest(self, algorithm: str = "sha256") -> str | None:
        """The labelled digest of the entity body; None where there is none."""
        return None if self.entity is None else labelled(algorithm, self.entity)
