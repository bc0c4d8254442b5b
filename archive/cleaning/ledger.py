"""The ledger: all that stands on a page, what of it became text, and why the rest did not.

It is made anew whenever somebody asks, from the same reading of the same captures, and stored nowhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from lxml import html

from archive.article import Article, Refusal, Source
from archive.capture import Capture
from archive.cleaning.blocks import Blocks, blocks_of
from archive.cleaning.chrome import Chrome
from archive.cleaning.classing import COLLECTIONS, Classed, Classing
from archive.cleaning.clean import Reading, parsed_anyway, read
from archive.cleaning.evidence import Page
from archive.cleaning.folding import fold
from archive.cleaning.joining import Left
from archive.cleaning.profile import EMPTY, Profile
from archive.cleaning.removal import Removal, Rule
from archive.cleaning.stream import TextStream, normalise, solid
from archive.cleaning.visible import Visibility

HEADLINE: Final = "headline"
STANDFIRST: Final = "standfirst"
BODY: Final = "body"
PARTS = (HEADLINE, STANDFIRST, BODY)  # what the text of an article consists of
_FIELDS = frozenset({"textarea", "option"})  # their text is a value, and no text of the page: the stream leaves it out
_SHORT = 20  # words of a line that can be a byline
_PEOPLE = frozenset({Chrome.BYLINE, Chrome.AUTHOR_BOX})
_FULL_STOPS = (".", "!", "?", "\u3002", "\u2026")
_LONG = 10  # words from which on a text that was kept once is known when it stands elsewhere


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One run of text of the page: kept as a part of the text, or left out as chrome of some class.

    ``sources`` are its places in the page, as those of an article's blocks. ``hidden`` says what in the markup hides
    it, and is empty for what can be seen.
    """

    kept: bool
    kind: str  # one of `PARTS` where it was kept, else one of `Chrome`
    rule: Rule  # that kept it or left it out
    evidence: tuple[str, ...]  # what the rule and the class rest on, in words
    text: str  # white-space-normalised
    sources: tuple[Source, ...]
    hidden: str = ""

    @property
    def path(self) -> str:
        """The absolute XPath of the smallest element that holds its beginning; empty where it stands in no page."""
        return self.sources[0].path if self.sources else ""

    @property
    def capture(self) -> int:
        """The index into the provenance's captures of the page that it is of."""
        return self.sources[0].capture if self.sources else 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """A page in full, in its own order, with the text that was made of it; of a split story, its pages one by one."""

    text: Article | Refusal
    entries: tuple[LedgerEntry, ...]

    def counts(self) -> dict[str, int]:
        """How many entries there are of each kind: parts of the text first, then chrome by number."""
        counted = Counter(one.kind for one in self.entries if not one.kept)
        kept = Counter(one.kind for one in self.entries if one.kept)
        ordered = dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))
        return {part: kept[part] for part in PARTS if kept[part]} | ordered


def ledger(captures: Sequence[Capture], profile: Profile = EMPTY) -> Ledger:
    """The ledger of a page: a pure function of the same three as `archive.cleaning.clean.clean`, and of its cost.

    Everything that can be seen by the page's markup stands in one entry, and so does what is hidden. A page that
    could not be parsed has no entries: its refusal says why.
    """
    found = read(captures, profile)
    if isinstance(found, Reading):
        entries = [one for place, read in ((0, found), *found.further) for one in _entries(found, read, place)]
        return Ledger(found.text, tuple(entries))
    page = parsed_anyway(captures, profile)
    if page is None:
        return Ledger(found, ())
    return Ledger(found, _Accounts(found, page, blocks_of(page.stream), None, None).entries())


def _entries(first: Reading, read: Reading, place: int) -> tuple[LedgerEntry, ...]:
    """The entries of one page of a story, the first one or a further one."""
    laid = read.page.stream.extent(read.laid)[0] if read.laid is not None else None
    text = first.text
    if place and isinstance(read.text, Refusal):
        text = read.text
    gone = [one for one in first.left if one.capture == place]
    return _Accounts(text, read.page, read.extraction.blocks, read, laid, place, gone).entries()


@dataclass(slots=True)
class _Accounts:
    """The making of one page's entries."""

    text: Article | Refusal
    page: Page
    blocks: Blocks
    reading: Reading | None
    laid: int | None  # where in the stream begins what was laid into the page from a script
    place: int = 0  # of the page's capture in the provenance
    gone: Sequence[Left] = ()  # what joining the pages of a story left out of this one
    _apart: list[tuple[int, int, str]] = field(default_factory=list)  # the same, as spans of the stream with why
    _removal: Removal = field(init=False)
    _visibility: Visibility = field(default_factory=Visibility)
    _kept: list[tuple[int, LedgerEntry]] = field(default_factory=list)  # with where they begin in the stream
    _claims: list[tuple[int, int]] = field(default_factory=list)  # spans of the stream that the text was taken from

    def __post_init__(self) -> None:
        self._removal = Removal(self.reading)

    def entries(self) -> tuple[LedgerEntry, ...]:
        """All entries in the order of the page."""
        if isinstance(self.text, Article):
            self._keep(self.text)
        self._claims = _joined(self._claims)
        elements = self._stream.by_path()
        for left in self.gone:
            spans = (self._span(one, elements) for one in left.block.sources)
            self._apart += [(*span, left.reason) for span in spans if span is not None]
        self._apart.sort()
        found = [*self._kept, *self._left(), *self._values()]
        return tuple(entry for _, entry in sorted(found, key=lambda one: one[0]))

    @property
    def _stream(self) -> TextStream:
        return self.page.stream

    # What was kept

    def _keep(self, article: Article) -> None:
        elements = self._stream.by_path()
        for block in article.body:
            if any(one.capture != self.place for one in block.sources):
                continue  # another page's
            spans = [span for one in block.sources if (span := self._span(one, elements)) is not None]
            rule, evidence = self._removal.kept(spans[0][0] if spans else -1)
            self._add(BODY, rule, (block.kind.value, *evidence), block.text, block.sources, spans)
        for part, wanted in ((STANDFIRST, article.standfirst), (HEADLINE, article.headline)):
            if wanted is None or self.place:
                continue
            chosen = [one for one in article.evidence if one.field == part and one.chosen]
            placed = [(one.source, self._span(one.source, elements)) for one in chosen if one.source is not None]
            spans = [span for _, span in placed if span is not None]
            sources = tuple(source for source, span in placed if span is not None)
            if spans:
                self._add(part, Rule.FOUND, (chosen[0].rule,), wanted, sources, spans)
            elif part == HEADLINE:
                self._keep_shown(wanted, chosen[0].rule if chosen else "")

    def _keep_shown(self, headline: str, rule: str) -> None:
        """A headline that was read elsewhere, where the page shows it: in its heading first."""
        said = fold(headline)
        same = [number for number, text in enumerate(self.blocks.text) if len(text) < 1000 and fold(text) == said]
        heads = [number for number in same if self.blocks.tag[self.blocks.box[number]] == "h1"]
        for number in (heads or same)[:1]:
            span = self._stream.span(self.blocks.first[number], self.blocks.last[number])
            if any(start < span[1] and span[0] < end for start, end in self._claims):
                continue
            parts = self._stream.sources(*span)
            self._add(
                HEADLINE, Rule.FOUND, (f"says what {rule} does",), headline, tuple(one for one, _ in parts), [span]
            )

    def _add(
        self,
        part: str,
        rule: Rule,
        evidence: tuple[str, ...],
        text: str,
        sources: tuple[Source, ...],
        spans: list[tuple[int, int]],
    ) -> None:
        self._claims += spans
        hidden = self._visibility.hidden_by(self._stream.owner(spans[0][0])) if spans else ""
        evidence += self._from_script(spans[0][0]) if spans else ()
        entry = LedgerEntry(True, part, rule, evidence, text, sources, hidden)
        self._kept.append((spans[0][0] if spans else -1, entry))

    def _span(self, source: Source, elements: dict[str, html.HtmlElement]) -> tuple[int, int] | None:
        """Where a source stands in the stream; None where it is of another page, an attribute or a script."""
        element = elements.get(source.path) if source.capture == self.place else None
        if element is None:
            return None
        start, end = self._stream.located(element, source.start, source.end)
        return (start, end) if start < end else None

    # What was left out

    def _left(self) -> Iterator[tuple[int, LedgerEntry]]:
        blocks, stream = self.blocks, self._stream
        pieces: list[tuple[int, int, int]] = []  # the block, and where the piece begins and ends
        for number in range(len(blocks.box)):
            start, end = stream.span(blocks.first[number], blocks.last[number])
            pieces += [(number, *piece) for piece in self._unclaimed(start, end)]
        left = list(dict.fromkeys(number for number, _, _ in pieces))
        classing = Classing(stream, blocks, self._story(), left)
        known = _Known.of(self.text, [entry for _, entry in self._kept])
        for number, start, end in pieces:
            parts = stream.sources(start, end)
            text = " ".join(words for _, words in parts)
            hidden = self._visibility.hidden_by(stream.owner(start))
            rule, evidence = self._removal.left(number, start, self.text)
            if why := self._said_elsewhere(start):
                rule, evidence = Rule.PAGES, (why,)
            classed = self._removal.chrome(number, rule) or known.chrome(text, blocks.words[number])
            beside = classing.of(number)
            if classed is None or (classed.chrome in _PEOPLE and beside.chrome in COLLECTIONS):
                classed = beside
            if hidden and classed.chrome is Chrome.OTHER:
                classed = Classed(Chrome.HIDDEN, (f"hidden by {hidden}",))
            reasons = (*classed.evidence, *evidence, *self._from_script(start))
            sources = tuple(replace(source, capture=self.place) for source, _ in parts)
            yield start, LedgerEntry(False, str(classed.chrome), rule, reasons, text, sources, hidden)

    def _said_elsewhere(self, start: int) -> str:
        """Why joining the pages of a story left out what stands at a place; empty where it did not."""
        at = bisect_right(self._apart, (start, len(self._stream.solid) + 1, "")) - 1
        return self._apart[at][2] if at >= 0 and start < self._apart[at][1] else ""

    def _from_script(self, start: int) -> tuple[str, ...]:
        return ("stands in a script's JSON, not in the markup",) if self.laid is not None and start >= self.laid else ()

    def _unclaimed(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of a span that nothing was taken from."""
        at = bisect_right(self._claims, start, key=lambda one: one[1])
        for begin, behind in islice(self._claims, at, None):
            if begin >= end:
                break
            if start < begin:
                yield start, begin
            start = max(start, behind)
        if start < end:
            yield start, end

    def _story(self) -> set[html.HtmlElement]:
        """The elements that hold kept text; of a page without any, those that hold everything."""
        found: set[html.HtmlElement] = set()
        for start, _ in self._claims:
            at: html.HtmlElement | None = self._stream.owner(start)
            while at is not None and at not in found:
                found.add(at)
                at = at.getparent()
        return found or set(self.page.root.iter("html", "body", "main", "article"))

    def _values(self) -> Iterator[tuple[int, LedgerEntry]]:
        """What fields and menus of forms hold."""
        for element in self.page.root.iter(*_FIELDS):
            for start, raw in self._stream.own_texts(element):
                text = normalise(raw)
                if not solid(text):
                    continue
                source = Source(self._stream.path(element), start, start + len(raw), self.place)
                hidden = self._visibility.hidden_by(element)
                entry = LedgerEntry(
                    False, str(Chrome.FORM), Rule.FORM, (f"in <{element.tag!s}>",), text, (source,), hidden
                )
                yield self._stream.extent(element)[0], entry


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that overlap as one: a page's standfirst can be a part of a paragraph of its body."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


@dataclass(frozen=True, slots=True)
class _Known:
    """What the article says elsewhere: what repeats it on the page is known by that."""

    headline: str
    standfirst: str
    kicker: str
    people: tuple[str, ...]
    captions: frozenset[str]
    credits: frozenset[str]
    corrections: tuple[str, ...]
    told: frozenset[str]

    @classmethod
    def of(cls, text: Article | Refusal, kept: list[LedgerEntry]) -> _Known:
        if not isinstance(text, Article):
            return cls("", "", "", (), frozenset(), frozenset(), (), frozenset())
        return cls(
            headline=fold(text.headline or ""),
            standfirst=fold(text.standfirst or ""),
            kicker=fold(text.kicker or ""),
            people=tuple(name for one in text.byline if (name := fold(one))),
            captions=frozenset(one.caption for one in text.images if one.caption),
            credits=frozenset(one.credit for one in text.images if one.credit),
            corrections=text.corrections,
            told=frozenset(one.text for one in kept),
        )

    def chrome(self, text: str, words: int) -> Classed | None:
        """The class of a text of so many words by what the article says of itself."""
        if text in self.captions:
            return Classed(Chrome.CAPTION, ("the caption of one of the article's images",))
        if text in self.credits:
            return Classed(Chrome.CREDIT, ("the credit of one of the article's images",))
        if text in self.corrections or (words >= _LONG and any(text in note for note in self.corrections)):
            return Classed(Chrome.CORRECTION, ("one of the article's corrections",))
        if len(text) > 2_000:
            return None
        said = fold(text)
        if said and said == self.headline:
            return Classed(Chrome.HEADLINE_REPEATED, ("says the headline again",))
        if said and said == self.standfirst:
            return Classed(Chrome.STANDFIRST, ("says the standfirst again",))
        if said and said == self.kicker:
            return Classed(Chrome.KICKER, ("the article's kicker",))
        if words >= _LONG and text in self.told:
            return Classed(Chrome.REPEATED_TEXT, ("stands in the text already",))
        if words <= _SHORT:
            for person in self.people:
                if f" {person} " in f" {said} ":
                    kind = (
                        Chrome.AUTHOR_BOX if text.endswith(_FULL_STOPS) else Chrome.BYLINE
                    )  # who is written about, not who wrote
                    return Classed(kind, ("names one of the article's authors",))
        return None
