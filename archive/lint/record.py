"""A record as the linter sees it: its head, its block, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass, field

from archive.lint.finding import Fault
from archive.lint.head import Head

TYPES = ("warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation")
BLOCK_LIMIT = 64 * 2**20  # Blocks beyond this are hashed, but not kept


@dataclass(slots=True)
class Record:
    """One record. ``offset`` is where it begins in the file, or where the gzip member does that it begins in.

    ``inner`` counts the content of that member in front of it. ``declared`` is its Content-Length, None where it has
    none that can be read; ``found`` counts the bytes that are there. ``block`` holds them up to BLOCK_LIMIT bytes;
    of a larger one ``streamed`` is the raw digest by the algorithm of its block digest.
    """

    offset: int
    inner: int
    head: Head
    declared: int | None = None
    found: int = 0
    block: bytes = b""
    streamed: bytes | None = None
    bounded: bool = True  # False where the block cannot be what its Content-Length says
    faults: list[Fault] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The WARC-Type as it stands."""
        return self.head.kind

    @property
    def version(self) -> str:
        """Such as ``1.1``."""
        return self.head.version

    def field(self, name: str) -> str | None:
        """The value of the first field of this name; None where there is none."""
        return self.head.fields.first(name)

    @property
    def complete(self) -> bool:
        """Whether the block is there, and ends where it should."""
        return self.bounded and self.declared is not None and self.found == self.declared

    @property
    def kept(self) -> bool:
        """Whether ``block`` holds all that is there."""
        return len(self.block) == self.found

    @property
    def media_type(self) -> str:
        """The Content-Type in lower case, without parameters."""
        return (self.field("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def is_http(self) -> bool:
        """Whether the block is an HTTP message, as far as its Content-Type says."""
        return self.media_type in {"application/http", "message/http"} and self.kind in {
            "request", "response", "revisit",
        }  # fmt: skip

    @property
    def target(self) -> str | None:
        """The target URI without angle brackets."""
        value = self.field("WARC-Target-URI")
        return None if value is None else bare(value)


def bare(uri: str) -> str:
    """A URI without the angle brackets around it."""
    uri = uri.strip()
    return uri[1:-1].strip() if len(uri) > 1 and uri[0] == "<" and uri[-1] == ">" else uri
