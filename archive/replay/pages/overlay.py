"""The ledger of a page, to be laid over its clean text: what was left out, what it was, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from archive.article import Article, BlockKind, canonical_json, identity
from archive.capture import Capture
from archive.catalogue.revisits import followed
from archive.cleaning.ledger import HEADLINE, STANDFIRST, Ledger, LedgerEntry
from archive.failure import CleaningFailure
from archive.profiles import Profiles
from archive.replay.pages.examiner import Examiner
from archive.replay.pages.subject import Subject

if TYPE_CHECKING:
    from archive.store import Archive

_CHIP = 90  # characters of what stands beside others in a line; longer texts have a line of their own
_MOST = 4_000  # runs of text of one page: more of them nobody reads, and a browser would labour


@dataclass(frozen=True, slots=True)
class Run:
    """One text of the page as the overlay shows it. ``shape`` says what kept text is; of other text, its length."""

    entry: LedgerEntry
    shape: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbours that were all kept, or all left out."""

    kept: bool
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a page is of one kind."""

    kind: str
    blocks: int
    words: int


@dataclass(frozen=True, slots=True)
class Overlay:
    """The whole page in its order. ``same`` tells whether the stored text is the one that the ledger tells of."""

    stretches: tuple[Stretch, ...]
    kept: tuple[Share, ...]
    left: tuple[Share, ...]
    same: bool
    cut: int  # runs that are not shown


def overlay(archive: Archive, examiner: Examiner, subject: Subject) -> Overlay | CleaningFailure:
    """The ledger of the capture that a subject shows, made anew from its bytes; or why there is none."""
    assert subject.chosen is not None
    captures, entry = captures_of(archive, subject), subject.entry
    profiles = Profiles(archive.catalog)
    profile = profiles.named(entry.text.provenance.profile) if entry is not None else None
    made = examiner.ledger(captures, profile if profile is not None else profiles.of(captures[0]))
    if isinstance(made, CleaningFailure):
        return made
    same = entry is None or entry.identity == identity(canonical_json(made.text))
    return _laid(made, same)


def captures_of(archive: Archive, subject: Subject) -> list[Capture]:
    """The captures that the shown text was made from, as it names them; raises TakenDown, NotFound."""
    assert subject.chosen is not None
    if subject.entry is not None:
        return [archive.capture(one.id) for one in subject.entry.text.provenance.captures]
    return [followed(archive.catalog, archive.warc_path, archive.capture(subject.chosen.id))]


def _laid(made: Ledger, same: bool) -> Overlay:
    shown = made.entries[:_MOST]
    stretches = tuple(
        Stretch(kept, tuple(Run(one, _shape(one)) for one in group))
        for kept, group in groupby(shown, key=lambda one: one.kept)
    )
    left = (one for one in made.entries if not one.kept)
    kept = (one for one in made.entries if one.kept)
    return Overlay(stretches, _shares(kept), _shares(left), same, len(made.entries) - len(shown))


def _shape(entry: LedgerEntry) -> str:
    if not entry.kept:
        return "line" if len(entry.text) > _CHIP else "chip"
    if entry.kind in {HEADLINE, STANDFIRST}:
        return entry.kind
    kind = entry.evidence[0] if entry.evidence else ""
    return kind if kind in {one.value for one in BlockKind} else BlockKind.PARAGRAPH.value


def _shares(entries: Iterable[LedgerEntry]) -> tuple[Share, ...]:
    blocks, words = Counter[str](), Counter[str]()
    for one in entries:
        blocks[one.kind] += 1
        words[one.kind] += len(one.text.split())
    return tuple(Share(kind, number, words[kind]) for kind, number in blocks.most_common())


def language_of(subject: Subject) -> str | None:
    """The language of the shown text, if it is an article."""
    text = subject.entry.text if subject.entry is not None else None
    return text.language if isinstance(text, Article) else None
