"""The second opinion: what trafilatura takes for the article, read off our own tree."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from lxml import etree, html
from trafilatura import bare_extraction
from trafilatura.settings import Document as Extracted
from trafilatura.settings import Extractor

from archive.article import Block, BlockKind
from archive.cleaning.alignment import align
from archive.cleaning.placed import Placed
from archive.cleaning.stream import TextStream, solid

# What it discards is a verdict of ours, not a line on somebody's terminal.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

_INLINE = frozenset(
    {"hi", "ref", "del", "code", "graphic", "lb", "span", "a", "b", "i", "em", "strong", "u", "sub", "sup"}
)
_KINDS = {
    "head": BlockKind.SUBHEADING,
    "item": BlockKind.LIST_ITEM,
    "quote": BlockKind.QUOTE,
    "row": BlockKind.TABLE,
}


def opinion(root: html.HtmlElement, stream: TextStream) -> tuple[Placed, ...]:
    """Its blocks of a page, in order. The tree is left as it is; trafilatura works on a copy.

    Every block's text is taken from the tree, never from the extractor: `Block.sources` prove it.
    """
    found = bare_extraction(root, options=_options())
    if not isinstance(found, Extracted):
        return ()
    parts = [(kind, solid(text)) for kind, text in _parts(found.body)]
    spans = align([text for _, text in parts], stream.solid)
    placed = []
    for (kind, _), pieces in zip(parts, spans, strict=True):
        sources = [one for start, end in pieces for one in stream.sources(start, end)]
        if sources:
            block = Block(kind, " ".join(text for _, text in sources), tuple(source for source, _ in sources))
            placed.append(Placed(block, pieces[0][0], pieces[-1][1]))
    return tuple(placed)


def _options() -> Extractor:
    """Fixed options; metadata is read by `archive.cleaning.metadata`, and so no clock is asked for a latest date."""
    return Extractor(output_format="python", comments=False, tables=True, date_params={"max_date": "1970-01-01"})


def _parts(body: etree._Element) -> Iterator[tuple[BlockKind, str]]:
    """The extractor's blocks with their kinds."""
    kinds = [BlockKind.PARAGRAPH]
    text: list[str] = []
    for event, element in etree.iterwalk(body, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        block = element.tag not in _INLINE
        if event == "start":
            if block:
                yield from _flush(kinds[-1], text)
                kinds.append(_KINDS.get(element.tag, kinds[-1]))
            piece = element.text
        else:
            if block:
                yield from _flush(kinds.pop(), text)
            piece = element.tail if element is not body else None
        if piece and not piece.isspace():
            text.append(piece)
    yield from _flush(BlockKind.PARAGRAPH, text)


def _flush(kind: BlockKind, text: list[str]) -> Iterator[tuple[BlockKind, str]]:
    joined = "".join(text)
    text.clear()
    if joined and not joined.isspace():
        yield kind, joined
