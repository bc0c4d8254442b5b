"""A block of the body with its place on the page."""

from __future__ import annotations

from dataclasses import dataclass

from archive.article import Block


@dataclass(frozen=True, slots=True)
class Placed:
    """A block and where it begins and ends in the page's text stream."""

    block: Block
    start: int
    end: int
