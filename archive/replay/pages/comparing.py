"""Two editions side by side: which of their parts differ, and in which words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from archive.article import Article
from archive.difference import Change, Line, Piece, changes, lines

_KINDS = {
    Change.VERDICT: "another verdict",
    Change.HEADLINE: "headline changed",
    Change.STANDFIRST: "standfirst changed",
    Change.ANOTHER: "another text",
    Change.LONGER: "paragraphs added",
    Change.SHORTER: "paragraphs removed",
    Change.REWORDED: "reworded",
    Change.MOVED: "paragraphs moved",
    Change.KINDS: "paragraphs of another kind",
    Change.BYLINE: "byline changed",
    Change.DATES: "dates changed",
    Change.METADATA: "other metadata",
}
_FIELDS = (
    *("kicker", "byline", "agency", "dateline", "published", "modified", "language", "section", "tags", "access"),
    *("canonical_url", "site_name", "lead_image", "corrections", "verdict"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """A metadata field that differs."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two texts; ``lines`` are all of them or those near a change."""

    kinds: tuple[str, ...]
    lines: tuple[Line, ...]
    fields: tuple[Field, ...]
    added: int  # words
    removed: int

    @property
    def differs(self) -> bool:
        """Whether the words differ."""
        return bool(self.added or self.removed or any(one.sign != "=" for one in self.lines))


def compare(old: Article, new: Article, *, all: bool = False) -> Comparison:
    """What a new edition says otherwise than an old one."""
    kinds = changes(old, new)
    named = [words for kind, words in _KINDS.items() if kind in kinds]
    if set(new.corrections) - set(old.corrections):
        named.append("correction note added")
    if set(old.corrections) - set(new.corrections):
        named.append("correction note removed")
    found = tuple(
        replace(one, pieces=together(one.pieces))
        for one in lines(old, new, around=len(old.body) + len(new.body) if all else 1)
    )
    added = sum(_words(piece.text) for line in found for piece in line.pieces if piece.sign == "+")
    removed = sum(_words(piece.text) for line in found for piece in line.pieces if piece.sign == "-")
    return Comparison(tuple(named), found, _fields(old, new), added, removed)


def together(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Changed words that only white space parts as one change: what was removed, then what stands there now."""
    found: list[Piece] = []
    old, new, between = "", "", ""

    def put() -> None:
        nonlocal old, new, between
        found.extend(Piece(sign, text) for sign, text in (("-", old), ("+", new), ("=", between)) if text)
        old = new = between = ""

    for piece in pieces:
        if piece.sign == "=":
            if (old or new) and not between and piece.text.isspace():
                between = piece.text
                continue
            put()
            found.append(piece)
            continue
        if between:
            old, new, between = old + between if old else old, new + between if new else new, ""
        if piece.sign == "-":
            old += piece.text
        else:
            new += piece.text
    put()
    return tuple(found)


def _fields(old: Article, new: Article) -> tuple[Field, ...]:
    found = []
    for name in _FIELDS:
        before, after = _said(old, name), _said(new, name)
        if before != after:
            found.append(Field(name, before, after))
    return tuple(found)


def _said(article: Article, name: str) -> str:
    value = getattr(article, name)
    return "" if value is None else str(value) if isinstance(value, str) else " · ".join(map(str, value))


def _words(text: str) -> int:
    return len(text.split())
