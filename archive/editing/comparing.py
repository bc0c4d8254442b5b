"""Comparing two articles: which passages of the text changed and how, and what changed beside it. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from archive.article import Article, Image, Verdict
from archive.difference import Piece, blocks, count, count_words, words
from archive.editing.edit import BODY, Comparison, Fact, Kind, Passage, Sign
from archive.editing.typography import plain_type

_OF_SIGN = {
    Sign.ADDED: Kind.ADDED,
    Sign.REMOVED: Kind.REMOVED,
    Sign.REWORDED: Kind.REWORDED,
    Sign.MOVED_FROM: Kind.MOVED,
    Sign.MOVED_TO: Kind.MOVED,
}

_BROKEN = 8  # passages that are put together to see whether only their breaks are others
_COUNTED = {Sign.ADDED, Sign.REMOVED, Sign.REWORDED, Sign.MOVED_TO}


def compare(old: Article, new: Article) -> Comparison:
    """Two articles of one page, as one cleaner made both with one profile: else the change may be the cleaner's."""
    passages = tuple(_weighed((*_above(old, new), *_body(old, new))))
    facts = tuple(_facts(old, new))
    found = {fact.kind for fact in facts} | _kinds(old, new, passages)
    if is_cut(old) != is_cut(new):
        found = {kind for kind in found if kind not in BODY} | {Kind.ACCESS}
    added = removed = 0
    for passage in passages:
        if passage.sign in {Sign.ADDED, Sign.REMOVED, Sign.REWORDED} and not passage.light:
            added += sum(count_words(piece.text) for piece in passage.pieces if piece.sign == "+")
            removed += sum(count_words(piece.text) for piece in passage.pieces if piece.sign == "-")
    number = Counter(
        _OF_SIGN[one.sign] for one in passages if one.part == "body" and one.sign in _COUNTED and not one.light
    )
    counted = tuple((kind, number[kind]) for kind in Kind if kind in found and number[kind])
    return Comparison(tuple(kind for kind in Kind if kind in found), passages, facts, added, removed, counted)


def is_cut(article: Article) -> bool:
    """Whether a text is only the beginning of its story, because of a wall."""
    return article.verdict in {Verdict.TEASER, Verdict.PAYWALL}


def _kinds(old: Article, new: Article, passages: Sequence[Passage]) -> set[Kind]:
    if old.text_digest == new.text_digest:
        return set()
    changed = [one for one in passages if one.sign is not Sign.SAME]
    if all(one.light for one in changed):
        return {Kind.TYPOGRAPHY if changed else Kind.FORM}
    found: set[Kind] = set()
    for passage in changed:
        if passage.light:
            continue
        found.add(_OF_SIGN[passage.sign] if passage.part == "body" else Kind(passage.part))
    if found & {Kind.ADDED, Kind.REMOVED, Kind.REWORDED} and _is_another(passages):
        found = (found - BODY) | {Kind.REWRITTEN}
    return found


def _weighed(passages: Sequence[Passage]) -> Iterator[Passage]:
    """The passages; those that differ in nothing but typography as light, also where paragraphs break elsewhere."""
    n = 0
    while n < len(passages):
        length = _light(passages, n)
        yield from (replace(one, light=True) for one in passages[n : n + length])
        if not length:
            yield passages[n]
        n += length or 1


def _light(passages: Sequence[Passage], start: int) -> int:
    """How many passages from there on have, taken together, the same words in both texts; 0 where none have."""
    before = after = ""
    for length, one in enumerate(passages[start : start + _BROKEN], 1):
        if one.sign is Sign.SAME or one.part != passages[start].part:
            return 0
        before, after = before + plain_type(one.before), after + plain_type(one.after)
        if before == after:
            return length
        if not (before.startswith(after) or after.startswith(before)):
            return 0
    return 0


def _is_another(passages: Sequence[Passage]) -> bool:
    """Whether less than half of the longer body's words stand in both."""
    stayed = before = after = 0
    for passage in passages:
        if passage.part != "body":
            continue
        for piece in passage.pieces:
            number = count(piece.text)
            stays = passage.sign is Sign.SAME or piece.sign == "=" or passage.sign is Sign.MOVED_TO
            stayed += number if stays and passage.sign is not Sign.MOVED_FROM else 0
            before += number if piece.sign != "+" and passage.sign not in {Sign.ADDED, Sign.MOVED_TO} else 0
            after += number if piece.sign != "-" and passage.sign not in {Sign.REMOVED, Sign.MOVED_FROM} else 0
    return stayed * 2 < min(before, after)


def _above(old: Article, new: Article) -> Iterator[Passage]:
    for part, one, other in (
        ("headline", old.headline, new.headline),
        ("standfirst", old.standfirst, new.standfirst),
    ):
        if one == other:
            if one:
                yield Passage(part, Sign.SAME, (Piece("=", one),))
        elif one and other:
            yield Passage(part, Sign.REWORDED, words(one, other), light=plain_type(one) == plain_type(other))
        elif one or other:
            sign = Sign.REMOVED if one else Sign.ADDED
            yield Passage(part, sign, (Piece(sign.value, one or other or ""),))


def _body(old: Article, new: Article) -> Iterator[Passage]:
    found = list(_beside(old, new))
    went = Counter(one.before for one in found if one.sign is Sign.REMOVED)
    came = Counter(one.after for one in found if one.sign is Sign.ADDED)
    moved = went & came
    left, right = Counter(moved), Counter(moved)
    for one in found:
        if one.sign is Sign.REMOVED and left[one.before] > 0:
            left[one.before] -= 1
            yield replace(one, sign=Sign.MOVED_FROM)
        elif one.sign is Sign.ADDED and right[one.after] > 0:
            right[one.after] -= 1
            yield replace(one, sign=Sign.MOVED_TO)
        else:
            yield one


def _beside(old: Article, new: Article) -> Iterator[Passage]:
    a = b = 0
    for sign, one, other in blocks([block.text for block in old.body], [block.text for block in new.body]):
        if sign == "-":
            yield Passage("body", Sign.REMOVED, (Piece("-", one),), old.body[a].kind, a, None)
            a += 1
            continue
        kind = new.body[b].kind
        if sign == "+":
            yield Passage("body", Sign.ADDED, (Piece("+", other),), kind, None, b)
        elif sign == "=":
            yield Passage("body", Sign.SAME, (Piece("=", other),), kind, a, b)
        else:
            light = plain_type(one) == plain_type(other)
            yield Passage("body", Sign.REWORDED, words(one, other), kind, a, b, light)
        a, b = a + (sign != "+"), b + 1


def _facts(old: Article, new: Article) -> Iterator[Fact]:
    if old.byline != new.byline:
        yield Fact(Kind.BYLINE, "byline", ", ".join(old.byline) or None, ", ".join(new.byline) or None)
    for kind, name in ((Kind.PUBLISHED, "published"), (Kind.MODIFIED, "modified")):
        one, other = getattr(old, name), getattr(new, name)
        if not same_date(one, other):
            yield Fact(kind, name, one, other)
    for note in _lacking(new.corrections, old.corrections):
        yield Fact(Kind.CORRECTION, "correction", None, note)
    for note in _lacking(old.corrections, new.corrections):
        yield Fact(Kind.NOTE_REMOVED, "correction", note, None)
    yield from _pictures(old, new)


def _lacking(some: Sequence[str], others: Sequence[str]) -> list[str]:
    """The notes of one text that the other one lacks."""
    known = {plain_type(note) for note in others}
    return [note for note in some if plain_type(note) not in known]


def _pictures(old: Article, new: Article) -> Iterator[Fact]:
    """Pictures by their addresses without the query, in which sizes stand mostly."""
    one, other = (article.lead_image for article in (old, new))
    if _address(one) != _address(other):
        yield Fact(Kind.IMAGES, "lead image", one, other)
    before, after = ({_address(image.url): image for image in article.images} for article in (old, new))
    for url in sorted({*before, *after}):
        if url not in after:
            yield Fact(Kind.IMAGES, "image", _picture(before[url]), None)
        elif url not in before:
            yield Fact(Kind.IMAGES, "image", None, _picture(after[url]))
        else:
            for name in ("caption", "credit"):
                one, other = getattr(before[url], name), getattr(after[url], name)
                if one != other:
                    yield Fact(Kind.IMAGES, name, one, other)


def _address(url: str | None) -> str:
    return (url or "").partition("?")[0]


def _picture(image: Image) -> str:
    return " – ".join(part for part in (image.url, image.caption or image.alt) if part)


def same_date(one: str | None, other: str | None) -> bool:
    """Whether two dates of a page are the same: the same instant, or one is but the other's day."""
    if one == other:
        return True
    if one is None or other is None:
        return False
    if "T" not in one or "T" not in other:
        return one[:10] == other[:10]
    try:
        first, second = datetime.datetime.fromisoformat(one), datetime.datetime.fromisoformat(other)
    except ValueError:
        return False
    if (first.tzinfo is None) != (second.tzinfo is None):
        return first.replace(tzinfo=None) == second.replace(tzinfo=None)
    return first == second
