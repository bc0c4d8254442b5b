"""Captions that stand as paragraphs: a line that names the photographer, and the one above it, below a picture.

And what stands in a box with the label of an advertisement.
"""

from __future__ import annotations

import re

from archive.cleaning.blocks import Blocks
from archive.cleaning.labels import is_label

_CREDIT = re.compile(
    r"(?:photo(?:s|graph|graphy|graphie)?|foto(?:s|graf|grafie)?|pictures?|images?|"
    r"(?:beitrags|titel|symbol|artikel|header|vorschau)?bild(?:er|quelle|nachweis)?|imagen|"
    r"immagine|crédits?(?: photos?)?|credits?|фото|写真|图片|圖片|사진)"
    r"(?: (?:by|von|credits?|crédits?|de|di|av|af|courtesy))?\s*[:/|©].",
    re.IGNORECASE,
)
# What stands behind a caption in its own line. Paragraphs are signed by agencies, by no house that only sells pictures.
_SIGNED = re.compile(
    r"(?:[|(]\s*(?:photo|image|picture) (?:by|credit|courtesy)[^|()]{2,60}\)?|\u00a9\s*[^.\u00a9]{2,60}|"
    r"\((?:[^()]{2,60}/ ?)?(?:getty(?: images)?|istock(?:photo)?(?:\.com)?|shutterstock(?:\.com)?|adobe ?stock|alamy|"
    r"unsplash|pixabay|pexels|depositphotos|picture[ -]alliance)[^()]{0,30}\))$",
    re.IGNORECASE,
)
_LONGEST_CREDIT, _LONGEST_CAPTION = 14, 45  # words
_LABEL = 5  # words
_IN_BOX = 4  # blocks: a box that holds as many below its label is the story's
_PICTURES = frozenset({"img", "figure", "picture"})


def without_captions(blocks: Blocks, kept: list[int]) -> list[int]:
    """The blocks without credits that stand alone, and without the captions between them and a picture."""
    return [
        number
        for number in kept
        if not is_credit(blocks, number)
        and not _is_caption(blocks, number)
        and not is_signed(blocks, number)
        and not is_labelled(blocks, number)
    ]


def _is_caption(blocks: Blocks, number: int) -> bool:
    """Whether a block stands between a picture and a credit, be that kept or not."""
    return (
        number + 1 < len(blocks.words)
        and blocks.words[number] <= _LONGEST_CAPTION
        and is_credit(blocks, number + 1)
        and _below_picture(blocks, number)
    )


def is_credit(blocks: Blocks, number: int) -> bool:
    """Whether a block is a line that names a photographer, and nothing else."""
    return blocks.words[number] <= _LONGEST_CREDIT and _CREDIT.match(blocks.text[number]) is not None


def is_signed(blocks: Blocks, number: int) -> bool:
    """Whether a block is a line that ends in a picture's credit."""
    text = blocks.text[number]
    if blocks.words[number] > _LONGEST_CAPTION or not ("\u00a9" in text or text.endswith(")") or "|" in text):
        return False
    return _SIGNED.search(text) is not None


def is_labelled(blocks: Blocks, number: int) -> bool:
    """Whether a block stands right below the label of an advertisement, in a box that begins with it and is small."""
    label, home = number - 1, blocks.parent[blocks.box[number]]
    if label < 0 or blocks.words[label] > _LABEL or not _stands_in(blocks, label, home):
        return False
    if not is_label(blocks.text[label]):
        return False
    last = min(number + _IN_BOX, len(blocks.box))
    inside = [one for one in range(number, last) if _stands_in(blocks, one, home)]
    few = len(inside) < _IN_BOX and sum(blocks.words[one] for one in inside) <= _LONGEST_CAPTION
    return few and (not label or not _stands_in(blocks, label - 1, home))


def _stands_in(blocks: Blocks, number: int, box: int) -> bool:
    """Whether a block is of a box itself, or of one right within it."""
    return box in {blocks.box[number], blocks.parent[blocks.box[number]]}


def _below_picture(blocks: Blocks, number: int) -> bool:
    """Whether what stands just before a block's element is a picture, or holds one and nothing else."""
    before = blocks.element[blocks.box[number]].getprevious()
    if before is None:
        return False
    if before.tag in _PICTURES:
        return True
    return before.find(".//img") is not None and not "".join(map(str, before.itertext())).strip()
