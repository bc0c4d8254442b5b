"""An edit: what became of a story between two of its captures, told in kinds, passages and facts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from archive.article import BlockKind
from archive.difference import Piece

_EDITS = uuid.UUID("5d3dbb0c-6f43-5d0c-9a8c-0c4f6a3d8e51")  # the name space of edits' ids, made for them


class Kind(StrEnum):
    """What may happen to a story; several may at once."""

    HEADLINE = "headline"
    STANDFIRST = "standfirst"
    ADDED = "added"  # paragraphs
    REMOVED = "removed"
    REWORDED = "reworded"
    MOVED = "moved"
    REWRITTEN = "rewritten"  # less than half of the words stayed: another story, maybe
    FORM = "form"  # the same words as blocks of other kinds, a quote for instance
    TYPOGRAPHY = "typography"  # quotes, dashes, spaces, where paragraphs break: and nothing else
    CORRECTION = "correction"  # a note says that something was wrong
    NOTE_REMOVED = "note-removed"  # such a note went
    BYLINE = "byline"
    PUBLISHED = "published"  # the page's own dates
    MODIFIED = "modified"
    IMAGES = "images"
    ACCESS = "access"  # cut down to a teaser, or opened again
    DELETED = "deleted"
    RETURNED = "returned"
    NOT_COMPARABLE = "not-comparable"  # another profile, or a browser, made the text: its changes are not the paper's


# What is in a body's paragraphs; and what makes a text another one, as editions count.
BODY = frozenset({Kind.ADDED, Kind.REMOVED, Kind.REWORDED, Kind.MOVED, Kind.REWRITTEN})
TEXT = BODY | {Kind.HEADLINE, Kind.STANDFIRST, Kind.FORM, Kind.TYPOGRAPHY}
GONE = frozenset({Kind.DELETED, Kind.RETURNED})
# By which a page itself tells its readers that it was changed.
TELLING = frozenset({Kind.MODIFIED, Kind.PUBLISHED, Kind.CORRECTION})


class Sign(StrEnum):
    """What became of a passage."""

    SAME = "="
    REMOVED = "-"
    ADDED = "+"
    REWORDED = "~"
    MOVED_FROM = "<"  # it stands elsewhere in the new text, in the same words or nearly so
    MOVED_TO = ">"  # here; its pieces tell which words are others


@dataclass(frozen=True, slots=True)
class Passage:
    """A headline, a standfirst or a block of the body, as it differs.

    ``part`` is ``headline``, ``standfirst`` or ``body``. ``old`` and ``new`` are the block's places in both bodies,
    from 0; None where it is not there, and for what is no block. A passage that was reworded has several ``pieces``,
    also where it moved.
    ``light``: only quotes, dashes or spaces are others.
    """

    part: str
    sign: Sign
    pieces: tuple[Piece, ...]
    kind: BlockKind | None = None
    old: int | None = None
    new: int | None = None
    light: bool = False

    @property
    def is_reworded(self) -> bool:
        """Whether it is there in both texts, in other words."""
        several = self.sign is Sign.REWORDED or any(piece.sign == "=" for piece in self.pieces)
        return several and self.sign is not Sign.SAME and not self.light

    @property
    def before(self) -> str:
        """The old words; none where it is new."""
        return "".join(piece.text for piece in self.pieces if piece.sign != "+")

    @property
    def after(self) -> str:
        """The new words; none where it went."""
        return "".join(piece.text for piece in self.pieces if piece.sign != "-")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is known beside the text and is another now: of which kind, its name, and both values."""

    kind: Kind
    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two articles beside each other.

    ``kinds`` are in the order of `Kind`; ``passages`` are all of both texts in reading order, the same ones, too.
    ``paragraphs`` counts those that were added, removed, reworded and moved.
    ``words_added`` and ``words_removed`` count words: of scripts without spaces each character, no punctuation, and of
    what only moved nothing.
    """

    kinds: tuple[Kind, ...]
    passages: tuple[Passage, ...]
    facts: tuple[Fact, ...]
    words_added: int
    words_removed: int
    paragraphs: tuple[tuple[Kind, int], ...] = ()

    @property
    def text_changed(self) -> bool:
        """Whether the texts are two editions."""
        return not TEXT.isdisjoint(self.kinds)

    @property
    def silent(self) -> bool:
        """Whether words changed while nothing on the page says so: no date moved, and no note of a correction came.

        What is only typography, and what a paywall cuts, is no edit that anybody would announce.
        """
        found = TEXT.intersection(self.kinds) - {Kind.TYPOGRAPHY, Kind.FORM}
        return bool(found) and TELLING.isdisjoint(self.kinds)


@dataclass(frozen=True, slots=True)
class Side:
    """One end of an edit: the last capture that shows the old state, or the first that shows the new one.

    ``edition`` counts from 1, and is None where the page was gone; ``modified`` is what the page says then.
    """

    capture_id: str
    at: int
    edition: int | None
    headline: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of a story between two captures: it happened after ``since``, and before or at ``new.at``.

    ``since`` is the time of the capture before ``new``; that of ``old``, unless the page was gone between them.
    ``test``: the headline is one of several that the page shows in turn (A, B, A) while the rest stays, which is no
    edit. Of a deletion and a return ``comparison`` holds kinds, and passages only where it came back changed.
    ``told_at``: when a date or a note changed beside the new text, in a later capture of it.
    ``excerpt`` tells that of the passages only the first changed ones are here: `compare` gives all.
    """

    site: str | None
    url: str
    key: str
    since: int
    old: Side
    new: Side
    comparison: Comparison
    test: bool = False
    reason: str | None = None  # of a deletion: what was met; of what cannot be compared: why
    excerpt: bool = False
    told_at: int | None = None

    @property
    def id(self) -> str:
        """A URN that follows from both captures, and stays what it is."""
        return uuid.uuid5(_EDITS, f"{self.old.capture_id} {self.new.capture_id}").urn

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What happened, in the order of `Kind`."""
        return self.comparison.kinds

    @property
    def silent(self) -> bool:
        """Whether words changed while nothing on the page says so, then or later; a headline test is none of that."""
        return self.comparison.silent and self.told_at is None and not (self.test and self._is_of_headline_alone)

    @property
    def counts(self) -> bool:
        """Whether words of the story became others, or it went or came: not only a test, dots and dashes, or a wall."""
        found = set(self.kinds)
        if self.test:
            found.discard(Kind.HEADLINE)
        return bool(found & (BODY | {Kind.HEADLINE, Kind.STANDFIRST, Kind.CORRECTION, Kind.NOTE_REMOVED, *GONE}))

    @property
    def _is_of_headline_alone(self) -> bool:
        return TEXT.intersection(self.kinds) <= {Kind.HEADLINE}
