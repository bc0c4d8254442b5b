"""Vouching: which records behind damage are the file's own, and which only lie in the payload of a damaged one.

An archived page may itself be a WARC file. While its record is whole it is a payload like any other; once that record
is damaged, the records in it can be found by whoever looks for whole ones. In a file of ours each group names its run,
and a run's URN is random and never leaves the archive while it crawls: so behind damage a group is taken only if it
names a run that the file named before. What follows it without a gap is the file's own, too. Files of other writers
have no such sign: theirs is taken as it is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from archive.warc.group import Group, groups
from archive.warc.scan import Gap, Piece
from archive.warc.stored import Record

_UNKNOWN = "whole records, but not of a run of this file: they may lie in the payload of a damaged one"


def vouched(pieces: Iterable[Piece], file: str) -> Iterator[Group | Gap]:
    """The groups of a file that are its own, in their order, and its gaps; ``pieces`` begin with the file's first."""
    return _Vouching(file).groups(pieces)


@dataclass(slots=True)
class _Vouching:
    file: str
    own: bool | None = None  # whether the file is ours; known from its first record or group
    runs: set[str | None] = field(default_factory=set)
    sure: bool = True  # whether all since the last gap is the file's own
    was_sure: bool = True  # the same before that gap
    gap: int = -1  # where the last gap begins

    def groups(self, pieces: Iterable[Piece]) -> Iterator[Group | Gap]:
        for one in groups(self._heard(pieces)):
            if isinstance(one, Gap) or self._is_own(one):
                yield one
            else:
                yield Gap(self.file, one.start, one.end, _UNKNOWN, len(one.records))

    def _heard(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """The pieces, while what the file says of itself is learned from them."""
        for piece in pieces:
            if isinstance(piece, Gap):
                self.sure, self.was_sure, self.gap = False, self.sure, piece.offset
            elif piece.offset == 0:
                self._learn(piece)
            yield piece

    def _learn(self, first: Record) -> None:
        if first.kind == "warcinfo":
            self.own = first.named.first("presskeep-schema") is not None
            self.runs.update(first.named.all("presskeep-run"))

    def _is_own(self, group: Group) -> bool:
        if self.own is None:
            self.own = group.own
        run = group.metadata.first("presskeep-run") if group.own else None
        if not self.own:
            return True
        # What began before the gap and goes on behind it is linked by record ids, which are random, too.
        if self.sure or (self.was_sure and group.start < self.gap):
            if group.own:
                self.runs.add(run)
                self.sure = True
            return True
        if not group.own or (self.runs and run not in self.runs):
            return False
        self.runs.add(run)  # the first that is known, where the file's beginning is damaged
        self.sure = True
        return True
