"""Verification of foreign files: what they hold against the catalogue, and whether they are still what they were.

Damage that a file had when it came in, and has unchanged, is told as what it is: nothing was lost here. What lies
elsewhere is not the archive's own to lose, so that an attached file which is gone or changed has a severity of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from archive.catalogue import comparison, holdings
from archive.catalogue.terms import Terms, told
from archive.entering import adoption
from archive.errors import ConfigurationError, DamagedRecord
from archive.event import Event, RunEnded
from archive.warc.check import Check
from archive.warc.finding import Finding, Rule, Severity
from archive.warc.foreign.ends import ALGORITHM, ends
from archive.warc.foreign.form import FormRefused
from archive.warc.foreign.source import open_raw, open_source
from archive.warc.paths import resolve
from archive.warc.reader import Gap, Piece
from archive.writing import FINISHED

if TYPE_CHECKING:
    from archive.store import Archive

# What no ARC record can have.
_NOT_OF_ARC = frozenset({Rule.RECORD_ID, Rule.WARCINFO})
_OF_CATALOGUE = frozenset({Rule.GONE, Rule.SAME_ID})

_MOST = 1000  # findings of one rule about one file that are told one by one


class _Few:
    """Findings about a file, the first of each rule, and how many more: a megabyte may hold ten million bad records."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: list[Finding] = []
        self._counts = Counter[Rule]()
        self._last: dict[Rule, int] = {}

    def add(self, finding: Finding) -> None:
        """One more."""
        self._counts[finding.rule] += 1
        self._last[finding.rule] = finding.offset
        if self._counts[finding.rule] <= _MOST:
            self._found.append(finding)

    def told(self) -> Iterator[Finding]:
        """Those that are told, then one for the rest of each rule."""
        yield from self._found
        for rule, number in self._counts.items():
            if number > _MOST:
                said = f"{number - _MOST:,} more places like the {_MOST:,} before, to byte {self._last[rule]}"
                yield Finding(self._file, self._last[rule], rule, said)


def of_foreign(
    archive: Archive,
    terms: Mapping[str, Terms],
    file: str,
    advanced: Callable[[int], None] | None = None,
    *,
    compared: bool = True,
) -> Iterator[Finding]:
    """The findings about an imported or attached file; ``advanced`` hears the offsets that were reached.

    ``compared`` tells whether it is held against the catalogue, too.
    """
    agreed = terms.get(file, Terms(file))
    rule = Rule.ATTACHED_FILE if agreed.attached else Rule.IMPORTED_FILE
    if agreed.attached and file not in terms:
        yield Finding(file, 0, Rule.CATALOGUE, "it was detached, but the catalogue has it still")
        return
    try:
        as_it_came = _is_as_it_came(archive, agreed, compared=compared)
        found = list(_held_against(archive, terms, agreed, advanced, compared=compared))
    except (DamagedRecord, FormRefused, ConfigurationError, OSError) as error:
        yield Finding(file, 0, rule, getattr(error, "message", str(error)))
        return
    if not as_it_came:
        yield Finding(file, 0, rule, "the file is not what it was when it came: its checksum differs")
    for finding in found:
        if finding.severity is Severity.DAMAGED and finding.rule not in _OF_CATALOGUE and as_it_came:
            yield replace(finding, weighed=Severity.NOTE, message=f"as it came: {finding.message}")
        elif finding.severity is Severity.DAMAGED and agreed.attached:
            yield replace(finding, weighed=Severity.ELSEWHERE)
        else:
            yield finding


def unknown(file: str) -> Finding:
    """The finding about a foreign file whose import or attachment was not finished."""
    return Finding(file, 0, Rule.UNKNOWN_IMPORT, "the catalogue does not know this file")


def missing(archive: Archive, terms: Mapping[str, Terms], known: Collection[str]) -> Iterator[Finding]:
    """The findings about foreign files of which neither the catalogue nor ``warc/`` has anything."""
    for file, agreed in terms.items():
        if file in known:
            continue
        if agreed.attached:
            yield _unreached(archive, file) or unknown(file)
        elif _is_finished(archive, agreed):
            yield Finding(file, 0, Rule.IMPORTED_FILE, "the imported file is missing")
        else:
            said = f"the import of {agreed.source} was killed before the file had its name"
            yield Finding(file, 0, Rule.UNKNOWN_IMPORT, said)


def _unreached(archive: Archive, file: str) -> Finding | None:
    """What keeps an attached file from being read; None where nothing does."""
    try:
        with open_source(archive.warc_path, file):
            return None
    except (DamagedRecord, FormRefused, ConfigurationError, OSError) as error:
        return Finding(file, 0, Rule.ATTACHED_FILE, getattr(error, "message", str(error)))


def _is_finished(archive: Archive, agreed: Terms) -> bool:
    """Whether the run that imported a file came to its end: then the file was there."""
    with archive.catalog.reading() as connection:
        marks = holdings.marks(connection, agreed.run) if agreed.run is not None else []
    return any(isinstance(mark, RunEnded) and mark.outcome == FINISHED for mark in marks)


def _is_as_it_came(archive: Archive, agreed: Terms, *, compared: bool) -> bool:
    """Whether the file's bytes are those that came; of those that are read in part, its size and ends."""
    if agreed.identity.startswith(f"{ALGORITHM}:"):
        with open_raw(archive.warc_path, agreed.file) as stream:
            return ends(stream)[1] == agreed.identity
    if agreed.listed is not None or (agreed.attached and agreed.place.remote):
        return True
    identity = agreed.identity
    if not identity and compared:  # no act is about it: the catalogue knows it as it was laid into the archive
        with archive.catalog.reading() as connection:
            state = holdings.file_states(connection, agreed.file).get(agreed.file)
        identity = state.sha256 or "" if state is not None else ""
    return not identity or adoption.measure(resolve(archive.warc_path, agreed.file))[1] == identity


def _held_against(
    archive: Archive,
    terms: Mapping[str, Terms],
    agreed: Terms,
    advanced: Callable[[int], None] | None,
    *,
    compared: bool,
) -> Iterator[Finding]:
    warc = archive.warc_path
    with open_source(warc, agreed.file) as source:
        check = Check(agreed.file, source.end, being_written=False)
        arc = source.form.arc
    found = _Few(agreed.file)

    def watch(piece: Piece, stream: BinaryIO) -> None:
        for one in check.piece(piece):
            if not (arc and one.rule in _NOT_OF_ARC):
                found.add(one)
        check.begun = None  # groups of another Presskeep are no promise of this one
        if advanced is not None:
            advanced(min(piece.offset, agreed.size))

    def events() -> Iterator[Event]:
        for event in told(warc, agreed.file, terms, watch=watch):
            if not isinstance(event, Gap):
                yield event
            elif event.records or agreed.listed is not None:  # of the others `check` has told
                found.add(Finding(agreed.file, event.offset, Rule.READABLE, event.reason))

    if compared:
        yield from comparison.of_file(archive.catalog, warc, agreed.file, events())
    else:
        for _ in events():
            pass
    yield from found.told()
