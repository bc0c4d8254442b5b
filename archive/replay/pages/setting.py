"""An article as a page shows it: its blocks in groups, its language and direction, its pictures, and what is known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from archive.article import Article, Block, BlockKind, Evidence, Image
from archive.replay.pages.places import live

PART = 800  # blocks of one page: a live blog may have thousands
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
_RTL = frozenset(
    (
        *("ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "mzn", "nqo", "pnb", "prs", "ps", "rhg", "sd", "syr"),
        *("ug", "ur", "yi"),
    )
)
_RTL_SCRIPTS = ("-arab", "-hebr", "-thaa", "-syrc", "-nkoo", "-adlm")
_SAMPLE = 2_000  # characters by which a direction is told
# In the order in which people ask for it.
_FIELDS = (
    *("headline", "kicker", "standfirst", "byline", "agency", "dateline", "published", "modified", "language"),
    *("section", "tags", "access", "canonical_url", "site_name", "lead_image", "verdict"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A block with its number in the body, from 1."""

    number: int
    text: str
    correction: bool = False
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks that are one thing to a reader: a list, a quotation, or a paragraph of its own."""

    kind: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of the article; ``shown`` is where it can be had from the origin for captured pages, if there is one."""

    image: Image
    archived: bool
    shown: str | None
    link: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """A metadata field: what the article says, and every candidate for it."""

    name: str
    values: tuple[str, ...]
    evidence: tuple[Evidence, ...]


def groups(article: Article, part: int = 1) -> tuple[Group, ...]:
    """A part of the body, its neighbouring list items and quotations as one each."""
    first = (part - 1) * PART
    blocks = list(enumerate(article.body[first : first + PART], first + 1))
    found = []
    for kind, run in groupby(blocks, key=lambda one: one[1].kind):
        lines = [_line(number, block, article) for number, block in run if block.text]
        if kind in {BlockKind.LIST_ITEM, BlockKind.QUOTE}:
            found.append(Group(kind.value, tuple(lines)))
        else:
            found += [Group(kind.value, (line,)) for line in lines]
    return tuple(one for one in found if one.lines)


def parts(article: Article) -> int:
    """How many parts a body has."""
    return max(1, -(-len(article.body) // PART))


def _line(number: int, block: Block, article: Article) -> Line:
    link = live(block.text) if block.kind is BlockKind.EMBED else None
    return Line(number, block.text, block.text in article.corrections, link)


def loose_corrections(article: Article) -> tuple[str, ...]:
    """The corrections that do not stand in the body anyway."""
    held = {block.text for block in article.body}
    return tuple(one for one in article.corrections if one not in held)


def pictures(
    images: Iterable[Image], archived: Callable[[str], bool], place: Callable[[str], str | None]
) -> tuple[Picture, ...]:
    """The images of an article."""
    return tuple(
        Picture(one, archived(one.url), place(one.url) if archived(one.url) else None, live(one.url)) for one in images
    )


def known(article: Article) -> tuple[Known, ...]:
    """What is known beside the text, field by field, with the evidence for each."""
    found = []
    for name in _FIELDS:
        value = getattr(article, name)
        values = () if value is None else (str(value),) if isinstance(value, str) else tuple(map(str, value))
        evidence = tuple(one for one in article.evidence if one.field == name)
        if values or evidence:
            found.append(Known(name, tuple(one for one in values if one), evidence))
    return tuple(found)


def language(tag: str | None) -> str:
    """A language tag that may stand in an attribute; empty, which says that it is not known, for any other."""
    return tag if tag is not None and _TAG.fullmatch(tag) else ""


def direction(tag: str | None, texts: Sequence[str | None]) -> str:
    """``rtl`` or ``ltr``: by the letters, which pages declare wrongly less often than languages."""
    sample = " ".join(one for one in texts if one)[:_SAMPLE]
    kinds = [unicodedata.bidirectional(letter) for letter in sample]
    right, left = sum(one in {"R", "AL"} for one in kinds), kinds.count("L")
    if right != left:
        return "rtl" if right > left else "ltr"
    code = (tag or "").lower()
    return "rtl" if code.partition("-")[0] in _RTL or code.endswith(_RTL_SCRIPTS) else "ltr"


def direction_of(article: Article) -> str:
    """The direction of an article."""
    return direction(article.language, [article.headline, *(block.text for block in article.body[:20])])
