"""The body: the blocks that a learned classifier takes for the article, with trafilatura asked where it is unsure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from archive.article import Block, BlockKind
from archive.cleaning.blocks import LONG, Blocks, blocks_of
from archive.cleaning.captions import without_captions
from archive.cleaning.evidence import Page
from archive.cleaning.forest import learned
from archive.cleaning.judging import judge
from archive.cleaning.linked import Linked
from archive.cleaning.opinion import opinion
from archive.cleaning.placed import Placed
from archive.cleaning.said import Said, said
from archive.cleaning.together import LENIENT, headings_alike, told_along, whole_lists, whole_tables

_KINDS = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), BlockKind.SUBHEADING),
    **dict.fromkeys(("li", "dt", "dd"), BlockKind.LIST_ITEM),
    **dict.fromkeys(("td", "th", "tr", "caption"), BlockKind.TABLE),
    "blockquote": BlockKind.QUOTE,
}
# Boxes that say nothing of their own: the kind of a block in one of them is that of the box around.
_PLAIN = frozenset({"p", "div", "pre", "section", "footer", "header", "center", "address"})
_STEPS = 4  # a paragraph of a quote stands right in it; what is farther below is a page within a table


# Thousandths of log odds: between them, a block is as good as undecided.
_UNSURE = range(-2000, 1601)
# Tenths of a page's words, kept or undecided, that are undecided: so it is on few pages, hardly any of them news.
_DOUBTFUL = 8
_ABOVE = 3  # blocks of a body among which a summary can stand above the story that begins with it
_SENTENCE = 6  # words of one
_LITTLE = 40  # words of a body that may be all that a paywall shows, and too little to learn from
# Trafilatura has steps that grow with the square of the elements: 3 s at 5,000 boxes. Real pages have some 400.
_MOST_BOXES = 8_000


class Way(StrEnum):
    """By which way a body was found."""

    CLASSIFIER = "classifier"
    SENTENCES = "sentences"  # a page of very many boxes that the classifier doubts: whatever reads like sentences
    OPINION = "opinion"  # trafilatura's


@dataclass(frozen=True, slots=True)
class Extraction:
    """The body, and what it was chosen from: `archive.cleaning.ledger` reads from it why the rest was not taken."""

    placed: tuple[Placed, ...]
    way: Way
    blocks: Blocks
    about: Said  # from both, the numbers that were asked of each block can be told again
    scores: dict[int, int]  # of the blocks that were asked for
    limit: int
    chosen: tuple[int, ...]  # the blocks that reached the limit, or came with a list
    uncaptioned: tuple[int, ...]  # of these, without captions and credits
    told: tuple[int, ...]  # of these, without what is said twice: the body, but for a second opinion


def extract(page: Page, linked: Linked) -> Extraction:
    """The body of a page, in the order of the page. Each block's text is that of its sources.

    Trafilatura's opinion is taken where the classifier keeps next to nothing, and where it is unsure of most of what it
    sees; not on pages of so many boxes that it would take too long: there, whatever reads like sentences is.
    """
    weights = learned()
    blocks = blocks_of(page.stream)
    about = said(page, linked)
    judged = judge(blocks, about, weights)
    limit = weights.limits[about.declared]
    scores = dict(zip(judged.numbers, judged.scores, strict=True))
    whole = whole_lists(blocks, scores, limit)
    kept = []
    sure = unsure = 0
    for number, score in scores.items():
        if score >= limit or (blocks.box[number] in whole and score >= limit - LENIENT):
            kept.append(number)
        if score in _UNSURE:
            unsure += blocks.words[number]
        elif score >= limit:
            sure += blocks.words[number]
    sure_of = frozenset(kept)
    for rule in (told_along, headings_alike, whole_tables):
        kept += rule(blocks, scores, sure_of, limit)
    kept = sorted({*kept})
    little = sum(blocks.words[number] for number in kept) < _LITTLE
    way = Way.CLASSIFIER
    placed: tuple[Placed, ...] = ()
    doubtful = little or 10 * unsure >= _DOUBTFUL * (sure + unsure)
    if len(blocks.tag) > _MOST_BOXES:
        if doubtful:  # a page unlike any news: nothing that reads like sentences is lost
            kept = [number for number, words in enumerate(blocks.story) if words]
            way = Way.SENTENCES
    elif doubtful and (second := opinion(page.root, page.stream)):
        way, placed = Way.OPINION, tuple(_told_once(second))
    uncaptioned = without_captions(blocks, kept)
    told = tuple(_once(blocks, uncaptioned))
    return Extraction(
        placed=placed if way is Way.OPINION else tuple(placed_blocks(page, blocks, told)),
        way=way,
        blocks=blocks,
        about=about,
        scores=scores,
        limit=limit,
        chosen=tuple(kept),
        uncaptioned=tuple(uncaptioned),
        told=told,
    )


def _once(blocks: Blocks, kept: list[int]) -> Iterator[int]:
    """The blocks without those that say a whole sentence for the second time, or that the next one begins with."""
    heard = set()
    for place, number in enumerate(kept):
        if place < _ABOVE and blocks.words[number] >= _SENTENCE:
            stem = blocks.text[number].rstrip(".\u2026!? ")
            below = (one for one in kept[place + 1 : place + 3] if blocks.text[one].startswith(stem))
            if any(_looks(blocks, one) != _looks(blocks, number) for one in below):
                continue  # a summary that the story begins with
        if blocks.words[number] >= LONG:
            if blocks.text[number] in heard:
                continue
            heard.add(blocks.text[number])
        yield number


def _looks(blocks: Blocks, number: int) -> tuple[int, int]:
    """The look of a block's box, and the box around that."""
    return blocks.sign[blocks.box[number]], blocks.parent[blocks.box[number]]


def _told_once(placed: Iterable[Placed]) -> Iterator[Placed]:
    """The same of a second opinion: pages can hold their text twice, for wide screens and for small ones."""
    heard: set[str] = set()
    for one in placed:
        text = one.block.text
        if text in heard:
            continue
        if len(text) > LONG and len(text.split(None, LONG)) >= LONG:
            heard.add(text)
        yield one


def placed_blocks(page: Page, blocks: Blocks, kept: Iterable[int]) -> Iterator[Placed]:
    """The blocks with their kinds and places; the cells of a row are one."""
    stream = page.stream
    run: list[tuple[int, int]] = []
    kind = BlockKind.PARAGRAPH
    row = -1
    kept = list(kept)
    columns = _columns(blocks, kept)
    for number in kept:
        own, home = _kind(blocks, blocks.box[number])
        if own is BlockKind.TABLE and blocks.story[number] and _cell(blocks, blocks.box[number]) in columns:
            own, home = BlockKind.PARAGRAPH, -1
        span = stream.span(blocks.first[number], blocks.last[number])
        if run and (own is not BlockKind.TABLE or home != row):
            yield from _block(page, kind, run)
            run = []
        run.append(span)
        kind, row = own, home
    if run:
        yield from _block(page, kind, run)


def _columns(blocks: Blocks, kept: Iterable[int]) -> set[int]:
    """The cells that hold several blocks that read like sentences: pages were once laid out by tables."""
    stories = Counter(_cell(blocks, blocks.box[number]) for number in kept if blocks.story[number])
    return {cell for cell, number in stories.items() if number > 1 and cell >= 0}


def _cell(blocks: Blocks, box: int) -> int:
    """The cell that a box is, or stands in by a few steps; -1 for none."""
    for _ in range(_STEPS):
        if box < 0 or blocks.tag[box] in {"td", "th"}:
            return box
        box = blocks.parent[box]
    return -1


def _block(page: Page, kind: BlockKind, spans: list[tuple[int, int]]) -> Iterator[Placed]:
    parts = [one for start, end in spans for one in page.stream.sources(start, end)]
    if parts:
        block = Block(kind, " ".join(text for _, text in parts), tuple(source for source, _ in parts))
        yield Placed(block, spans[0][0], spans[-1][1])


def _kind(blocks: Blocks, box: int) -> tuple[BlockKind, int]:
    """The kind of a block by the boxes around it, and of a table's the row's box."""
    at = box
    for _ in range(_STEPS):
        if at < 0:
            break
        tag = blocks.tag[at]
        if tag in _KINDS:
            return _KINDS[tag], at if tag == "tr" else blocks.parent[at]
        if tag not in _PLAIN:
            break
        at = blocks.parent[at]
    return BlockKind.PARAGRAPH, -1
