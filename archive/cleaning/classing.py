"""The class of what was left out of a text, from names, words, links and neighbours, with what told it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice

from lxml import html

from archive.cleaning.blocks import Blocks
from archive.cleaning.chrome import TAGS, Chrome, linked, named
from archive.cleaning.sayings import said
from archive.cleaning.stream import TextStream

_ATTRIBUTES = ("class", "id", "role", "itemprop", "data-testid", "data-component", "data-type")
_LONGEST = 300  # characters of an attribute that are read: utility classes run on for pages
# Lists of other things hold dates, names and pictures of their own: these say less than the list around them.
_DETAILS = frozenset(
    {
        *(Chrome.DATE, Chrome.BYLINE, Chrome.KICKER, Chrome.TAGS, Chrome.CAPTION, Chrome.CREDIT),
        *(Chrome.STANDFIRST, Chrome.MEDIA, Chrome.FORM),
    }
)
_ENTRIES = frozenset({Chrome.TAGS, Chrome.KICKER, Chrome.BYLINE})  # what the entries of a menu look like
_SAID_IN_MENUS = frozenset({Chrome.LEGAL, Chrome.ADVERTISEMENT, Chrome.CONSENT, Chrome.DATE, Chrome.CREDIT})
COLLECTIONS = frozenset(
    {
        *(Chrome.RELATED, Chrome.RECIRCULATION, Chrome.ADVERTISEMENT, Chrome.COMMENTS, Chrome.CONSENT),
        *(Chrome.NEWSLETTER, Chrome.SUBSCRIPTION, Chrome.AUTHOR_BOX),
    }
)
_SHARED = COLLECTIONS | {Chrome.NAVIGATION, Chrome.SHARE, Chrome.LEGAL, Chrome.MEDIA}  # what neighbours tell of others
_ANNOUNCED = COLLECTIONS | {Chrome.TAGS, Chrome.SHARE}  # what a heading can announce
_LINES = frozenset({Chrome.RELATED, Chrome.RECIRCULATION, Chrome.TAGS, Chrome.ADVERTISEMENT})  # and a short line
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "summary", "legend", "caption"})
_SHORT_HEADING = 8  # words of a line that can be a heading without being called one
_REACH = 6  # boxes up from a block in which its neighbours and the heading above it are looked for
_OF_PAGE = 2  # steps from the body within which a header is the page's
_ABOVE = 4  # boxes around a heading, from within, for which it speaks
_DEEP = 20  # inline elements around a text, and texts of a block, that are looked at: hostile pages nest a thousand
_TELLING_LINK = 5  # words from which on a link names an article; shorter ones are entries of a menu


@dataclass(frozen=True, slots=True)
class Classed:
    """A class and what told it, in words."""

    chrome: Chrome
    evidence: tuple[str, ...] = ()


class Classing:
    """The classes of a page's blocks, all looked at together: neighbours tell of each other.

    ``story`` holds the elements that hold kept text: their names tell of the story, not of what stands beside it.
    """

    def __init__(self, stream: TextStream, blocks: Blocks, story: set[html.HtmlElement], left: list[int]) -> None:
        self._stream = stream
        self._blocks = blocks
        self._story = story
        self._outer: dict[html.HtmlElement, tuple[Classed, ...]] = {}
        self._headings: dict[int, Classed] = {}  # by the box that a telling heading stands in
        self._known: dict[int, Classed] = {}
        self._gathered: dict[int, Counter[Chrome]] = {}  # by box
        for number in left:
            self._classify(number)
        for number in left:
            if self._known[number].chrome is Chrome.OTHER:
                self._known[number] = self._neighbours(number)

    def of(self, number: int) -> Classed:
        """The class of one of the blocks that were left out."""
        return self._known[number]

    def _classify(self, number: int) -> None:
        found = self._tell(number)
        self._known[number] = found
        self._announce(number)
        if found.chrome in _SHARED:
            for box in self._boxes(number):
                self._gathered.setdefault(box, Counter())[found.chrome] += 1

    def _tell(self, number: int) -> Classed:
        blocks = self._blocks
        text, owner = blocks.text[number], self._stream.owners[blocks.first[number]]
        names = self._names(owner, blocks.element[blocks.box[number]])
        own = names[0] if names and self._is_own(number, names[0]) else None
        link = self._link(number)
        # A menu's name tells less than the words in it do.
        words = said(text) if own is None or own.chrome is Chrome.NAVIGATION else None
        if words is not None and (own is None or words[0] in _SAID_IN_MENUS):
            own = Classed(words[0], (f"says \u201c{words[1]}\u201d",))
        if own is None and link is not None and (kind := linked(link.get("href") or "")):
            own = Classed(kind, (f"links to {(link.get('href') or '').strip()[:80]}",))
        outer = next((one for one in names if one.chrome in COLLECTIONS), None)
        heading = next((self._headings[box] for box in self._boxes(number) if box in self._headings), None)
        if own is not None:
            over = outer or heading
            if over is None and own.chrome in _ENTRIES and words is None:
                over = next((one for one in names if one.chrome is Chrome.NAVIGATION), None)
            elif over is None and own.chrome is Chrome.FORM:
                over = next((one for one in names if one.chrome is not Chrome.FORM), None)
            return over if over is not None and own.chrome in _DETAILS else own
        found = outer or heading or (names[0] if names else None)
        if found is not None:
            return found
        before = self._known.get(number - 1)
        if link is not None and before is not None and before.chrome is Chrome.RELATED:
            return Classed(Chrome.RELATED, ("follows what is related",))
        if link is not None:
            words_of_link = blocks.words[number]
            if words_of_link >= _TELLING_LINK:
                return Classed(Chrome.RECIRCULATION, (f"a link of {words_of_link} words",))
            return Classed(Chrome.NAVIGATION, (f"a link of {words_of_link} word{'s' * (words_of_link != 1)}",))
        return Classed(Chrome.OTHER)

    def _is_own(self, number: int, classed: Classed) -> bool:
        """Whether a name was found between a block's text and its box, and not on what lies around."""
        blocks = self._blocks
        at: html.HtmlElement | None = self._stream.owners[blocks.first[number]]
        for _ in range(_DEEP):
            if at is None or at in self._story:
                break
            if _own(at) == classed:
                return True
            if at is blocks.element[blocks.box[number]]:
                break
            at = at.getparent()
        return False

    def _names(self, owner: html.HtmlElement, box: html.HtmlElement) -> tuple[Classed, ...]:
        """What the names of an element and those around it tell, from within; each class once."""
        known, missing = self._outer, []
        at: html.HtmlElement | None = owner
        while at is not None and at not in known and at not in self._story:
            missing.append(at)
            at = at.getparent()
        found = known.get(at, ()) if at is not None else ()
        for element in reversed(missing):
            own = _own(element)
            if own is not None and all(one.chrome is not own.chrome for one in found):
                found = (own, *found)
            elif own is not None:
                found = (own, *(one for one in found if one.chrome is not own.chrome))
            known[element] = found
        return found

    def _link(self, number: int) -> html.HtmlElement | None:
        """The link that most of a block is in, by the first of its texts that is in one."""
        blocks = self._blocks
        if 2 * blocks.linked[number] < blocks.size[number]:
            return None
        for node in range(blocks.first[number], min(blocks.last[number], blocks.first[number] + _DEEP) + 1):
            at: html.HtmlElement | None = self._stream.owners[node]
            for _ in range(_DEEP):
                if at is None or at in self._story:
                    break
                if at.tag == "a":
                    return at
                at = at.getparent()
        return None

    def _boxes(self, number: int) -> list[int]:
        """The boxes around a block from within, as far as they hold nothing that was kept."""
        blocks = self._blocks
        found: list[int] = []
        box = blocks.box[number]
        while box >= 0 and len(found) < _REACH and blocks.element[box] not in self._story:
            found.append(box)
            box = blocks.parent[box]
        return found

    def _announce(self, number: int) -> None:
        """Remember a heading, or a short line like one, that tells what stands below it."""
        blocks = self._blocks
        boxes = self._boxes(number)
        text = blocks.text[number]
        is_heading = blocks.tag[blocks.box[number]] in _HEADINGS
        if not is_heading and (blocks.words[number] > _SHORT_HEADING or blocks.linked[number]):
            return
        told = said(text)
        if told is not None and told[0] in (_ANNOUNCED if is_heading else _LINES):
            classed = Classed(told[0], (f"under \u201c{text[:60]}\u201d",))
            # A label speaks for its own place alone; a line within a box, for what else is in the box.
            reach = boxes[:2] if told[0] is Chrome.ADVERTISEMENT else boxes[1 if is_heading else 0 : _ABOVE]
            self._headings.update(dict.fromkeys(reach, classed))
        elif is_heading:
            for box in boxes[1:_ABOVE]:
                self._headings.pop(box, None)  # another heading ends what the last one announced

    def _neighbours(self, number: int) -> Classed:
        for box in islice(self._boxes(number), 1, _REACH):
            counted = self._gathered.get(box)
            if counted and sum(counted.values()) > 1:
                chrome, most = min(counted.items(), key=lambda one: (-one[1], one[0]))
                return Classed(chrome, (f"stands among {most} block{'s' * (most != 1)} of {chrome}",))
        return self._known[number]


def _own(element: html.HtmlElement) -> Classed | None:
    """What an element's own names tell, or its tag where they tell nothing."""
    tag = str(element.tag)
    for attribute in _ATTRIBUTES:
        for name in (element.get(attribute) or "")[:_LONGEST].split():
            if (kind := named(name)) is not None:
                return Classed(kind, (f"{attribute} \u201c{name[:60]}\u201d of <{tag}>",))
    kind = TAGS.get(tag)
    if tag == "header" and any(one.tag == "body" for one in islice(element.iterancestors(), _OF_PAGE)):
        kind = Chrome.NAVIGATION  # the page's: those of articles hold headlines and bylines
    return Classed(kind, (f"in <{tag}>",)) if kind is not None else None
