"""Which rule kept a block of the page or left it out, read from how its body was found."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum

from archive.article import Article, Refusal
from archive.cleaning.asides import Aside, kind_of
from archive.cleaning.body import Way
from archive.cleaning.captions import is_credit, is_labelled, is_signed
from archive.cleaning.chrome import Chrome
from archive.cleaning.classing import Classed
from archive.cleaning.clean import Reading
from archive.cleaning.contributions import strongest
from archive.cleaning.forest import SCALE, learned
from archive.cleaning.judging import judge
from archive.cleaning.placed import Placed
from archive.cleaning.sift import Dropped
from archive.cleaning.together import HEADINGS, table_of


class Rule(StrEnum):
    """What decided about a run of text. docs/cleaning.md says each in a sentence."""

    # That keep, or leave out
    SCORE = "score"
    SENTENCES = "sentences"
    OPINION = "second-opinion"
    # That keep
    LIST = "whole-list"
    TABLE = "whole-table"
    SUBHEADING = "subheading"
    FOUND = "told-apart"
    # That leave out
    NOT_ASKED = "no-sentences-near"
    CAPTION = "caption-below-picture"
    REPEATED = "said-before"
    LABEL = "advertisement-label"
    PROFILE = "site-profile"
    PUBLISHER = "publisher-rule"
    HEADLINE = "headline-again"
    ASIDE = "aside"
    DIALOG = "dialog"
    REFUSED = "page-refused"
    FORM = "form-value"
    APART = "beside-the-text"
    PAGES = "other-page"


_DROPPED = {
    Dropped.LABEL: Rule.LABEL,
    Dropped.PROFILE: Rule.PROFILE,
    Dropped.HEADLINE: Rule.HEADLINE,
    Dropped.RULE: Rule.PUBLISHER,
    Dropped.ASIDE: Rule.ASIDE,
    Dropped.DIALOG: Rule.DIALOG,
}
_CHROME = {
    Rule.LABEL: Chrome.ADVERTISEMENT,
    Rule.PROFILE: Chrome.REPEATED_CHROME,
    Rule.REPEATED: Chrome.REPEATED_TEXT,
    Rule.HEADLINE: Chrome.HEADLINE_REPEATED,
    Rule.PAGES: Chrome.REPEATED_TEXT,
}
_ASIDES = {
    Aside.POINTER: Chrome.RELATED,
    Aside.COMMENT: Chrome.COMMENTS,
    Aside.SHARING: Chrome.SHARE,
    Aside.EMBED: Chrome.MEDIA,
    Aside.RIGHTS: Chrome.LEGAL,
    Aside.OFFER: Chrome.SUBSCRIPTION,
    Aside.FILED: Chrome.TAGS,
    Aside.AUTHOR: Chrome.AUTHOR_BOX,
}


@dataclass(slots=True)
class Removal:
    """The decisions about one page; of a page that was not read, there are none but its refusal."""

    reading: Reading | None
    _chosen: frozenset[int] = field(init=False)
    _uncaptioned: frozenset[int] = field(init=False)
    _told: frozenset[int] = field(init=False)
    _dropped: list[tuple[Placed, Dropped]] = field(init=False)  # in the order of the page, as are the next
    _placed: list[Placed] = field(init=False)
    _texts: frozenset[str] = field(init=False)  # of those
    _rows: dict[int, list[int]] = field(init=False)  # the numbers of each block that was scored
    _begins: dict[int, int] = field(init=False)  # the number of the block that begins at a place of the stream

    def __post_init__(self) -> None:
        read = self.reading
        self._chosen = frozenset(read.extraction.chosen) if read else frozenset()
        self._uncaptioned = frozenset(read.extraction.uncaptioned) if read else frozenset()
        self._told = frozenset(read.extraction.told) if read else frozenset()
        self._dropped = sorted(read.sifted.dropped if read else (), key=lambda one: one[0].start)
        self._placed = sorted(read.extraction.placed if read else (), key=lambda one: one.start)
        self._texts = frozenset(one.block.text for one in self._placed)
        if read:
            judged = judge(read.extraction.blocks, read.extraction.about, learned())
            self._rows = dict(zip(judged.numbers, judged.rows, strict=True))
        else:
            self._rows = {}
        self._begins = {}
        if read:
            starts = read.page.stream.starts
            self._begins = {starts[node]: number for number, node in enumerate(read.extraction.blocks.first)}

    def kept(self, start: int) -> tuple[Rule, tuple[str, ...]]:
        """What kept the block of the body that begins at a place of the stream."""
        if self.reading is None:
            return Rule.FOUND, ()
        extraction = self.reading.extraction
        if said := self.reading.rules.keeps(start):
            return Rule.PUBLISHER, (said,)
        if extraction.way is Way.OPINION:
            return Rule.OPINION, ("the classifier was unsure of most of the page, and trafilatura takes it",)
        number = self._begins.get(start, -1)
        if extraction.way is Way.SENTENCES:
            return Rule.SENTENCES, ("it reads like sentences, on a page unlike any news",)
        if number not in extraction.scores:
            return Rule.FOUND, ()
        rule = Rule.SCORE
        if extraction.scores[number] < extraction.limit:
            blocks = extraction.blocks
            rule = Rule.SUBHEADING if blocks.tag[blocks.box[number]] in HEADINGS else Rule.LIST
            if rule is Rule.LIST and table_of(blocks, blocks.box[number]) >= 0:
                rule = Rule.TABLE
        return rule, self._score(number, against=False)

    def left(self, number: int, start: int, text: Article | Refusal) -> tuple[Rule, tuple[str, ...]]:
        """What left out a block, of which the piece that begins at a place of the stream is not in the text."""
        if self.reading is None:
            return Rule.REFUSED, (f"{text.verdict}: {text.reason}",) if isinstance(text, Refusal) else ()
        at = bisect_right(self._dropped, start, key=lambda one: one[0].start) - 1
        if at >= 0 and start < self._dropped[at][0].end:
            one, why = self._dropped[at]
            return _DROPPED[why], self._because(one, why)
        extraction = self.reading.extraction
        if self._had(number, start):
            if isinstance(text, Refusal):
                return Rule.REFUSED, (f"{text.verdict}: {text.reason}",)
            return Rule.APART, ()
        if extraction.way is Way.OPINION:
            if extraction.blocks.text[number] in self._texts:
                return Rule.REPEATED, ("the same sentence is kept elsewhere",)
            return Rule.OPINION, ("the classifier was unsure of most of the page, and trafilatura leaves it out",)
        if number in self._uncaptioned:
            return Rule.REPEATED, ("the same sentence is kept elsewhere",)
        if number in self._chosen:
            if is_labelled(extraction.blocks, number):
                return Rule.LABEL, ("stands below the label of an advertisement, in one box with it",)
            return Rule.CAPTION, ()
        if extraction.way is Way.SENTENCES:
            return Rule.SENTENCES, ("it does not read like sentences, on a page unlike any news",)
        if number in extraction.scores:
            return Rule.SCORE, self._score(number, against=True)
        return Rule.NOT_ASKED, ()

    def _because(self, one: Placed, why: Dropped) -> tuple[str, ...]:
        """What a block was dropped for, where the rule's name does not say it."""
        assert self.reading is not None
        if why is Dropped.RULE:
            return (self.reading.rules.drops(one),)
        if why is Dropped.ASIDE:
            return (str(kind_of(one.block.text)),)
        return ()

    def _had(self, number: int, start: int) -> bool:
        """Whether the body had a block before anything was dropped from it or told apart."""
        if self.reading is None or self.reading.extraction.way is not Way.OPINION:
            return number in self._told
        at = bisect_right(self._placed, start, key=lambda one: one.start) - 1
        return at >= 0 and start < self._placed[at].end

    def chrome(self, number: int, rule: Rule) -> Classed | None:
        """The class that a rule gives by itself."""
        if rule is Rule.CAPTION and self.reading is not None:
            credit = is_credit(self.reading.extraction.blocks, number)
            if credit:
                return Classed(Chrome.CREDIT, ("a short line that names a photographer",))
            if is_signed(self.reading.extraction.blocks, number):
                return Classed(Chrome.CAPTION, ("a line that ends in a picture's credit",))
            return Classed(Chrome.CAPTION, ("stands between a picture and its credit",))
        if rule is Rule.ASIDE and self.reading is not None:
            kind = kind_of(self.reading.extraction.blocks.text[number])
            return Classed(_ASIDES[kind]) if kind in _ASIDES else None
        return Classed(_CHROME[rule]) if rule in _CHROME else None

    def _score(self, number: int, *, against: bool) -> tuple[str, ...]:
        assert self.reading is not None
        extraction = self.reading.extraction
        score, limit = extraction.scores[number], extraction.limit
        said = f"score {_points(score)}, the limit is {_points(limit)}"
        strong = strongest(self._rows[number], against=against)
        return (said, *map(str, strong))


def _points(thousandths: int) -> str:
    """Thousandths of log odds with two decimals."""
    whole, rest = divmod(abs(thousandths), SCALE)
    sign = "\u2212" if thousandths < 0 else ""
    return f"{sign}{whole}.{rest * 100 // SCALE:02}"
