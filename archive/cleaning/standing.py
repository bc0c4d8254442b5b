"""How a block stands: beneath which heading, beside what, in which boxes, how it begins, and where it leads."""

from __future__ import annotations

import re

from archive.cleaning.cues import CUE_WORDS, WE_WORDS
from archive.cleaning.said import host_of
from archive.cleaning.sums import FAR, Sums

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BESIDE = {
    **dict.fromkeys(("img", "figure", "picture", "svg"), 1),
    **dict.fromkeys(("iframe", "video", "audio", "embed", "object"), 2),
    "hr": 3,
    "br": 4,
    **dict.fromkeys(_HEADINGS, 5),
    "p": 6,
    **dict.fromkeys(("ul", "ol", "dl"), 7),
    "li": 8,
    **dict.fromkeys(("div", "section"), 9),
    "a": 10,
    **dict.fromkeys(("script", "style", "template", "noscript", "ins"), 11),
    "aside": 12,
    "blockquote": 13,
}
MAX_SEARCH = 1_000_000_000  # characters of a page times its blocks
_SHORT = 14  # words of a line that can be a heading
_READ = 160
_ENDS = {
    **dict.fromkeys(".\u3002", 1),
    **dict.fromkeys("?\uff1f\u061f", 2),
    **dict.fromkeys("!\uff01", 3),
    **dict.fromkeys(":\uff1a", 4),
    **dict.fromkeys("\"'\u201c\u201d\u2019\u00bb\u00ab\u300d", 5),
    **dict.fromkeys(")]\uff09", 6),
    "\u2026": 7,
    **dict.fromkeys(",;-\u2013\u2014", 8),
    **dict.fromkeys("\u203a>\u2192\u00bb|", 9),
}
_WORD = re.compile(r"[^\W\d_]+")
_SMALL = re.compile(r"(?:^| )[a-z]")
_BEGINS = {word: at for at, cue in reversed([*enumerate(CUE_WORDS, 1)]) for word in cue}  # the first that has it
STANDING: tuple[str, ...] = (
    *("slanted share", "links", "links here"),
    *("end", "begins with", "lower share", "commas", "we"),
    *("to heading", "heading kind"),
    *("section words", "section story", "section linked", "section blocks"),
    *("element before", "element behind", "told elsewhere", "to family"),
    *("story behind share", "story behind in best", "blocks behind", "words to mean", "words behind story"),
)
PAGE: tuple[str, ...] = ("data share", "family share", "family boxes")
LOOK: tuple[str, ...] = ("look words", "look ends", "look first")


class Standing:
    """What is read of a page once, so that each block's standing can be told."""

    def __init__(self, sums: Sums) -> None:
        self.sums = sums
        blocks = sums.blocks
        count = len(blocks.box)
        self.heading = [-1] * count
        self.heads: dict[int, tuple[int, ...]] = {}  # of a heading: what it says, and what stands beneath it
        self.is_heading = [_is_heading(sums, number) for number in range(count)]
        at = -1
        totals = [0, 0, 0, 0]
        for number in range(count):
            if self.is_heading[number]:
                self._end(at, totals)
                at, totals = number, [0, 0, 0, 0]
            else:
                words = blocks.words[number]
                totals[0] += words
                totals[1] += sums.told[number]
                totals[2] += words * blocks.linked[number] // blocks.size[number]
                totals[3] += 1
            self.heading[number] = at
        self._end(at, totals)
        self.offsets = []
        offset = 0
        for text in blocks.text:
            self.offsets.append(offset)
            offset += len(text) + 1
        self.page = "\n".join(blocks.text)
        # Work units, about 0.1 s: real pages stay far below, and a hostile one costs no square of its length.
        self.searched = len(self.page) * count <= MAX_SEARCH
        self.story = sums.said.story if len(sums.said.story) * count <= MAX_SEARCH else ""
        self._family()
        self.so_far = []  # words up to each block
        total = 0
        self.best_so_far = []
        best = 0
        self.look_ends: dict[int, int] = {}
        self.look_first: dict[int, int] = {}
        for number, look in enumerate(sums.look_of):
            self.so_far.append(total)
            total += blocks.words[number]
            if sums.told[number] and sums.down[blocks.box[number]] == 0:
                best += sums.told[number]
            self.best_so_far.append(best)
            key = id(look)
            self.look_ends[key] = self.look_ends.get(key, 0) + (1 if blocks.ends[number] else 0)
            self.look_first.setdefault(key, number)
        self.so_far.append(total)
        self.mean = sums.story // sums.story_blocks if sums.story_blocks else 0
        self.size = sum(size for size, told in zip(blocks.size, sums.told, strict=True) if told)

    def _end(self, at: int, totals: list[int]) -> None:
        if at < 0:
            self.heads[-1] = (0, *self._beneath(totals))
            return
        blocks = self.sums.blocks
        self.heads[at] = (_HEADINGS.get(blocks.tag[blocks.box[at]], 7), *self._beneath(totals))

    def _beneath(self, totals: list[int]) -> tuple[int, ...]:
        words, story, linked, count = totals
        return (
            min(words, 4000),
            1000 * story // self.sums.story if self.sums.story else 0,
            1000 * linked // words if words else -1,
            min(count, 100),
        )

    def _family(self) -> None:
        """Boxes that look like the best one, in boxes that look alike: some pages part their story among several."""
        sums = self.sums
        blocks = sums.blocks
        best, parent, sign = sums.best, blocks.parent, blocks.sign
        self.to_family: list[int] = []
        self.family_share = self.family_boxes = 0
        if best < 0:
            self.to_family = [FAR] * len(parent)
            return
        key = (sign[best], sign[parent[best]] if parent[best] >= 0 else -1, blocks.depth[best])
        for box, above in enumerate(parent):
            if box == best or (sign[box], sign[above] if above >= 0 else -1, blocks.depth[box]) == key:
                self.to_family.append(0)
                self.family_boxes += 1
                self.family_share += sums.whole[0][box]
            else:
                self.to_family.append(min(self.to_family[above] + 1, FAR) if above >= 0 else FAR)

    def of_page(self) -> tuple[int, ...]:
        """What is true of all blocks, in the order of `PAGE`."""
        story = self.sums.story
        return (
            min(1000 * len(self.story) // self.size, 3000) if self.story and self.size else -1,
            1000 * self.family_share // story if story else 0,
            min(self.family_boxes, 50),
        )

    def of_look(self, number: int) -> tuple[int, ...]:
        """What is true of all blocks that look like one, in the order of `LOOK`."""
        look = self.sums.look_of[number]
        key = id(look)
        return (
            min(look[1] // look[3], 300),
            1000 * self.look_ends[key] // look[3],
            min(self.look_first[key] * 1000 // len(self.sums.blocks.box), 1000),
        )

    def numbers(self, number: int, own: frozenset[str]) -> list[int]:
        """A block's numbers, in the order of `STANDING`; ``own`` has its words."""
        sums = self.sums
        blocks, said = sums.blocks, sums.said
        box = blocks.box[number]
        text, size = blocks.text[number], blocks.size[number]
        story = sums.story
        links = blocks.links[number]
        here = 0
        for one in links[:20]:
            target = one.get("href")
            if target and not target.startswith(("#", "mailto:", "tel:")):
                host = host_of(target)
                here += not host or host == said.host or host.endswith("." + said.host)
        read = text[:_READ]
        first = _WORD.search(read)
        heading = self.heading[number]
        told = 0
        if self.searched and blocks.words[number] >= 5:
            piece = text[:100]
            at = self.offsets[number]
            if self.page.find(piece, 0, at) >= 0:
                told |= 1
            if self.page.find(piece, at + len(piece)) >= 0:
                told |= 2
        element = blocks.element[box]
        behind = sums.behind[number]
        return [
            1000 * blocks.slanted[number] // size,
            min(len(links), 20),
            here,
            _ENDS.get(text[-1], 0),
            _BEGINS.get(first[0].casefold(), 0) if first is not None else 0,
            1000 * _beginning_small(read) // (read.count(" ") + 1),
            min(text.count(",") + text.count("\u3001") + text.count("\uff0c"), 30),
            0 if own.isdisjoint(WE_WORDS) else 1,
            min(number - heading, FAR) if heading >= 0 else FAR,
            *self.heads[heading],
            _beside(element.getprevious()),
            _beside(element.getnext()),
            told,
            self.to_family[box],
            1000 * (story - sums.sofar[number] - sums.told[number]) // story if story else 0,
            1000 * (self.best_so_far[-1] - self.best_so_far[number]) // story if story else 0,
            min(len(blocks.box) - number, 300),
            min(100 * blocks.words[number] // self.mean, 1000) if self.mean else 0,
            min(self.so_far[behind] - self.so_far[number + 1], 1000) if behind >= 0 else 1000,
        ]


def _beginning_small(text: str) -> int:
    """How many words begin with a small letter."""
    if text.isascii():
        return len(_SMALL.findall(text))
    return sum(map(str.islower, (word[:1] for word in text.split(" "))))


def _beside(element: object) -> int:
    if element is None:
        return 0
    tag = getattr(element, "tag", None)
    return _BESIDE.get(tag, 14) if isinstance(tag, str) else 14


def _is_heading(sums: Sums, number: int) -> bool:
    """Whether a block is a heading by its element, or a short line that is bold as a whole."""
    blocks = sums.blocks
    if blocks.words[number] > 40:
        return False
    box = blocks.box[number]
    for _ in range(3):
        if box < 0:
            return False
        if blocks.tag[box] in _HEADINGS:
            return True
        if blocks.tag[box] not in {"div", "p", "section"}:
            break
        box = blocks.parent[box]
    return (
        blocks.words[number] <= _SHORT
        and blocks.bold[number] == blocks.size[number]
        and blocks.slanted[number] == 0
        and not blocks.ends[number]
        and 2 * blocks.linked[number] < blocks.size[number]
    )
