"""Images of the article, each with its caption and its credit apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import html

from archive.article import Image
from archive.cleaning.evidence import Page, absolute, tidy
from archive.cleaning.placed import Placed
from archive.cleaning.stream import normalise

MAX_IMAGES = 40
_MOST_LOOKED_AT = 160
_CAPTION = re.compile(r"caption|legend|bildunterschrift|bildtext", re.IGNORECASE)
_CREDITED = re.compile(
    r"credit|copyright|photographer|fotograf|bildquelle|image-?source|photo-?by|agency", re.IGNORECASE
)
_MAKER = (
    r"(?:photo(?:s|graph|graphie|graphy)?|foto(?:s|graf|grafie|grafía)?|pictures?|images?|bild(?:er|quelle|nachweis)?|"
    r"imagen|immagine|crédits?|credits?|quelle|fuente|fonte|fotó|kuva|zdjęcie|fot\.|фото|写真|图片|圖片|사진|ภาพ)"
)
# A whole line of credit: "Photo: Ida Mark", "Foto von Ida Mark/dpa", "© Ida Mark".
_LINE = re.compile(
    rf"(?:{_MAKER}(?:\s(?:by|von|credits?|crédits?|de|di|av|af|courtesy(?: of)?))?\s?"
    r"(?:[:\uff1a/|©]|(?<=by)\s|(?<=von)\s|(?<=courtesy)\s).|[©\u00a9]|\(c\)).{1,120}$",
    re.IGNORECASE,
)
# A credit that ends a caption: behind a sentence, a bar or a dash, or in brackets.
_TAIL = re.compile(rf"(?:(?<=[.!?\u201d\"…])\s+|\s*[|\u2013\u2014]\s+|\s+-\s+|^)({_LINE.pattern[:-1]})$", re.IGNORECASE)
_BRACKETS = re.compile(
    r"\s*[(\[]((?:[^()\[\]]{0,40}(?:photo|foto|via|getty|reuters|afp|\bap\b|dpa|epa|imago|shutterstock|"
    r"picture alliance)[^()\[\]]{0,60}))[)\]]\.?$",
    re.IGNORECASE,
)
_LONGEST_LINE = 140  # characters of a credit that stands alone
_LONGEST_CAPTION = 600
_MOST_AROUND = 6  # elements around a picture that may be its frame


def images(page: Page, placed: tuple[Placed, ...]) -> tuple[Image, ...]:
    """The images that stand between headline and end of the body: figures, and pictures with a credit below them."""
    if not placed:
        return ()
    heads = page.heads
    floor = page.stream.extent(heads[0])[0] if heads else placed[0].start
    ceiling = max(one.end for one in placed)
    found: dict[str, Image] = {}
    for frame, texts, marked in _framed(page):
        if len(found) >= MAX_IMAGES:
            break
        if not floor <= page.stream.extent(frame)[0] <= ceiling:
            continue
        picture = next(frame.iter("img"))
        url = _address(page, picture)
        if url:
            caption, credit = caption_and_credit(texts, marked)
            found.setdefault(url, Image(url, tidy(picture.get("alt") or "") or None, caption, credit))
    return tuple(found.values())


def caption_and_credit(texts: list[str], credit: str | None = None) -> tuple[str | None, str | None]:
    """The lines below a picture as its caption and its credit, each None where there is none.

    ``credit`` is what the page itself marks as one.
    """
    captions: list[str] = []
    for text in texts:
        if not text:
            continue
        if credit is None and len(text) <= _LONGEST_LINE and _LINE.match(text):
            credit = text
        else:
            captions.append(text)
    caption = " ".join(captions)
    if credit is None:
        for pattern in (_TAIL, _BRACKETS):
            if found := pattern.search(caption[-_LONGEST_LINE * 2 :]):
                credit = normalise(found[1])
                cut = len(caption) - (len(caption[-_LONGEST_LINE * 2 :]) - found.start())
                caption = caption[:cut].rstrip(" |\u2013\u2014-")
                break
    return caption or None, credit


def _framed(page: Page) -> Iterator[tuple[html.HtmlElement, list[str], str | None]]:
    """Pictures with the lines that belong to them and what is marked as a credit, in the order of the page."""
    seen = set()
    for picture in page.kinds["img"][:_MOST_LOOKED_AT]:
        around = list(islice(picture.iterancestors(), _MOST_AROUND))
        frame = next((one for one in around if one.tag == "figure" or "wp-caption" in (one.get("class") or "")), None)
        if frame is None:
            paragraph = next((one for one in around[:2] if one.tag == "p"), None)
            if paragraph is not None and (lines := _below(page, paragraph)):
                yield paragraph, lines, None
        elif frame not in seen:
            seen.add(frame)
            below = next(frame.iter("figcaption"), None)
            if below is None:
                marked = (one for one in frame.iter("p", "div", "span") if _CAPTION.search(one.get("class", "")))
                below = next(marked, None)
            texts, credit = _lines(page, below if below is not None else frame)
            yield frame, texts if below is not None else [], credit


def _below(page: Page, paragraph: html.HtmlElement) -> list[str]:
    """The paragraphs below a bare picture up to the one that is its credit; none without one."""
    lines = []
    for one in islice(paragraph.itersiblings("p"), 2):
        lines.append(normalise(page.said(one)))
        if len(lines[-1]) <= _LONGEST_LINE and _LINE.match(lines[-1]):
            return lines
    return []


def _lines(page: Page, below: html.HtmlElement) -> tuple[list[str], str | None]:
    """The lines of a caption, parted where a reader sees them parted, and the one that is marked as a credit."""
    start, end = page.stream.extent(below)
    if not 0 < end - start <= _LONGEST_CAPTION:
        return [], None
    marked = next((one for one in below.iterdescendants() if _CREDITED.search(str(one.get("class") or ""))), None)
    at, to = page.stream.extent(marked) if marked is not None else (end, end)
    spans = [one for one in ((start, at), (to, end)) if one[0] < one[1]]
    lines = [text for one in spans for _, text in page.stream.sources(*one)]
    return lines, " ".join(text for _, text in page.stream.sources(at, to)) if at < to else None


def _address(page: Page, picture: html.HtmlElement) -> str | None:
    """Where a picture is: its source, unless that is a placeholder until a script loads it."""
    for name in ("src", "data-src", "data-lazy-src", "data-original"):
        given = (picture.get(name) or "").strip()
        if given and not given.startswith("data:"):
            return absolute(page, given)
    sources = (picture.get("srcset") or picture.get("data-srcset") or "").split()
    return absolute(page, sources[0]) if sources and not sources[0].startswith("data:") else None
