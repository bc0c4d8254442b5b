"""Whether a ledger accounts for a page: counted character by character, by another walk than the cleaner's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree, html

from archive.article import Source
from archive.cleaning.ledger import Ledger

NEVER_TEXT = frozenset({"script", "style", "title"})  # what no browser shows as text of the page


def unaccounted(root: html.HtmlElement, ledger: Ledger) -> str:
    """The characters with a glyph that no entry has, as one text; empty where the ledger is the whole page."""
    begins, text, seen = _walk(root)
    marks = bytearray(len(text))
    for entry in ledger.entries:
        for start, end in _spans(root, begins, entry.sources):
            marks[start:end] = b"\x01" * (end - start)
    return "".join(text[at] for at in seen if not marks[at])


def counted_twice(root: html.HtmlElement, ledger: Ledger) -> str:
    """The characters that are both kept and left out, or left out twice."""
    begins, text, _ = _walk(root)
    kept, left = bytearray(len(text)), bytearray(len(text))
    twice = []
    for entry in sorted(ledger.entries, key=lambda one: not one.kept):
        for start, end in _spans(root, begins, entry.sources):
            for at in range(start, end):
                if not entry.kept and (kept[at] or left[at]):
                    twice.append(text[at])
                (kept if entry.kept else left)[at] = 1
    return "".join(twice)


def _spans(
    root: html.HtmlElement, begins: dict[html.HtmlElement, int], sources: Iterable[Source]
) -> Iterator[tuple[int, int]]:
    for source in sources:
        if "/@" not in source.path:
            begin = begins[root.xpath(source.path)[0]]
            yield begin + source.start, begin + source.end


def _walk(root: html.HtmlElement) -> tuple[dict[html.HtmlElement, int], str, list[int]]:
    """Where each element begins in the page's string value, that value, and its characters that can be seen."""
    begins: dict[html.HtmlElement, int] = {}
    parts: list[str] = []
    seen: list[int] = []
    at = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        owner = element if event == "start" else element.getparent()
        if event == "start":
            begins[element] = at
        raw = element.text if event == "start" else element.tail if element is not root else None
        if raw:
            if owner is not None and owner.tag not in NEVER_TEXT:
                seen += [place for place, char in enumerate(raw, at) if char.isprintable() and not char.isspace()]
            parts.append(raw)
            at += len(raw)
    return begins, "".join(parts), seen
