"""What linting one file may cost: bytes read and unpacked, however hostile the file."""

from __future__ import annotations

from archive.lint.finding import error, warc

# Pages compress to a tenth, a crawl's files to a third; a gigabyte of zeros fits into a megabyte of gzip.
_FREE, _BY_SIZE = 2 * 2**30, 100

TOO_MUCH = error(
    "too-much-content",
    warc("Annex C"),
    "The file unpacks to far more than its size, or makes its reader go over the same bytes again and again.",
    "No limit of the standard, but one of every reader: bombs of compression, and lengths that overlap, are made to "
    "exhaust it. What lies behind is not checked.",
)


class Exhausted(Exception):
    """The file has cost too much; what lies behind is not read."""


class Budget:
    """The bytes that may still be read and unpacked for one file of ``size`` bytes."""

    def __init__(self, size: int) -> None:
        self.left = _FREE + _BY_SIZE * size

    def spend(self, cost: int) -> None:
        """Takes note of a cost; raises Exhausted once there is nothing left."""
        self.left -= cost
        if self.left < 0:
            raise Exhausted
