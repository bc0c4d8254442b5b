"""Comparing two articles: which passages of the text changed and how, and what changed beside it. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from archive.article import Article, Image, Verdict
from archive.difference import Piece, blocks, count, count_words, words, words_of
from archive.editing.edit import BODY, Comparison, Fact, Kind, Passage, Sign
from archive.editing.typography import plain_type
from archive.sequence import common

_OF_SIGN = {
    Sign.ADDED: Kind.ADDED,
    Sign.REMOVED: Kind.REMOVED,
    Sign.REWORDED: Kind.REWORDED,
    Sign.MOVED_FROM: Kind.MOVED,
    Sign.MOVED_TO: Kind.MOVED,
}

_BROKEN = 8  # passages that are put together to see whether only their breaks are others
_FAR_PAIRS = 2_500  # passages that went and came, which are held against each other
_FAR_WORDS = 300_000_000  # of all of them, the product again
_FEWEST = 8  # words of one that moved and was reworded: shorter ones are alike by chance
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
        if passage.is_reworded or (passage.sign in {Sign.ADDED, Sign.REMOVED} and not passage.light):
            added += sum(count_words(piece.text) for piece in passage.pieces if piece.sign == "+")
            removed += sum(count_words(piece.text) for piece in passage.pieces if piece.sign == "-")
    of_body = [one for one in passages if one.part == "body" and not one.light]
    number = Counter(_OF_SIGN[one.sign] for one in of_body if one.sign in _COUNTED)
    number[Kind.REWORDED] += sum(one.sign is Sign.MOVED_TO and one.is_reworded for one in of_body)
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
        if passage.is_reworded and passage.part == "body":
            found.add(Kind.REWORDED)
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
        if one.sign in {Sign.SAME, Sign.MOVED_FROM, Sign.MOVED_TO} or one.part != passages[start].part:
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
            whole = passage.sign is Sign.MOVED_TO and not passage.is_reworded
            stayed += number if piece.sign == "=" or whole else 0
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
    went = [n for n, one in enumerate(found) if one.sign is Sign.REMOVED]
    came = [n for n, one in enumerate(found) if one.sign is Sign.ADDED]
    for a, b in _moves(found, went, came):
        one, other = found[a].before, found[b].after
        found[a] = replace(found[a], sign=Sign.MOVED_FROM)
        same = plain_type(one) == plain_type(other)
        found[b] = replace(found[b], sign=Sign.MOVED_TO, pieces=found[b].pieces if same else words(one, other))
    yield from found


def _moves(found: Sequence[Passage], went: Sequence[int], came: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Which passages that went are which that came elsewhere: the same ones first, then those that changed little."""
    places: dict[str, list[int]] = {}
    for b in reversed(came):
        places.setdefault(found[b].after, []).append(b)
    left, taken = [], set()
    for a in went:
        same = places.get(found[a].before)
        if same:
            taken.add(same[-1])
            yield a, same.pop()
        else:
            left.append(a)
    rest = [b for b in came if b not in taken]
    if len(left) * len(rest) > _FAR_PAIRS:
        return
    old, new = ({n: words_of(found[n].before or found[n].after) for n in some} for some in (left, rest))
    if sum(map(len, old.values())) * sum(map(len, new.values())) > _FAR_WORDS:
        return
    alike = sorted((-score, a, b) for a in left for b in rest if (score := _score(old[a], new[b])))
    for _, a, b in alike:
        if a in old and b in new:
            del old[a], new[b]
            yield a, b


def _score(old: Sequence[str], new: Sequence[str]) -> int:
    """How many words two passages share in order, where these are two thirds of the longer one; else 0."""
    longer = max(len(old), len(new))
    if longer < _FEWEST or 3 * min(len(old), len(new)) < 2 * longer or 3 * len(set(old) & set(new)) < len(set(old)):
        return 0
    both = common(old, new)
    return both if 3 * both >= 2 * longer else 0


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
