"""How two texts of one page differ: in what, block by block, and word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from archive.article import Article, Refusal
from archive.sequence import Run, common, runs

Text = Article | Refusal


class Change(StrEnum):
    """In what two texts differ; several may hold at once."""

    GAINED = "an article now"
    LOST = "no article any more"
    VERDICT = "another verdict"
    HEADLINE = "headline"
    STANDFIRST = "standfirst"
    ANOTHER = "another body"  # of less than half of the words
    LONGER = "blocks added"
    SHORTER = "blocks removed"
    REWORDED = "blocks reworded"
    MOVED = "blocks in another order"
    KINDS = "kinds of blocks"
    BYLINE = "byline"
    DATES = "dates"
    METADATA = "other metadata"


# What metadata are, beside byline and dates: all that an article says but its text, its provenance and its evidence.
_METADATA = (
    *("kicker", "agency", "dateline", "language", "section", "tags", "canonical_url", "site_name", "lead_image"),
    *("images", "corrections", "access"),
)
# Marks that belong to the letter before them: accents, points of Hebrew and Arabic, signs of India, joiners of emoji.
_MARK = (
    r"\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963"
    r"\u0966-\u0d7f\u200c\u200d\ufe00-\ufe0f"
)
_LETTER = rf"[\w{_MARK}]"
# Scripts that set no spaces are compared by character, with the marks of South-East Asia that stand on it.
_WORD = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
    r"[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3]*"
    rf"|{_LETTER}+(?:['’]{_LETTER}+|(?<=\d)[.,:]\d+)*|[^\w\s]"  # "don't" and "1,500" are one word each
)
# Blocks that are held against each other to find out which was reworded into which: the product of their numbers.
_MOST_PAIRS = 40_000
# Words of all of them, the product again: beyond, the same words count in whatever order they stand.
_MOST_WORDS = 300_000_000
_ENDS = frozenset(".!?…。！？”»")  # behind which a sentence may begin
_BY_CHANCE = 3  # words; four in a row are a phrase that stayed


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words: ``=`` in both, ``-`` in the old text, ``+`` in the new one."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A part of a text as it differs: ``what`` is ``headline``, ``standfirst`` or ``body``; ``sign`` as of pieces.

    A part that was reworded has the sign ``~`` and is told in ``pieces``.
    """

    what: str
    sign: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The words of both."""
        return "".join(piece.text for piece in self.pieces)


def changes(old: Text, new: Text) -> frozenset[Change]:
    """In what a new text differs from the old one of the same capture; nothing where only its evidence does."""
    if isinstance(old, Refusal) or isinstance(new, Refusal):
        if isinstance(old, Refusal) and isinstance(new, Refusal):
            return frozenset({Change.VERDICT}) if old.verdict is not new.verdict else frozenset()
        return frozenset({Change.GAINED if isinstance(new, Article) else Change.LOST})
    found = {Change.VERDICT} if old.verdict is not new.verdict else set()
    if old.headline != new.headline:
        found.add(Change.HEADLINE)
    if old.standfirst != new.standfirst:
        found.add(Change.STANDFIRST)
    if old.byline != new.byline:
        found.add(Change.BYLINE)
    if (old.published, old.modified) != (new.published, new.modified):
        found.add(Change.DATES)
    if any(getattr(old, name) != getattr(new, name) for name in _METADATA):
        found.add(Change.METADATA)
    return frozenset(found | _of_body(old, new))


def _of_body(old: Article, new: Article) -> set[Change]:
    before, after = [block.text for block in old.body], [block.text for block in new.body]
    if before == after:
        same = [block.kind for block in old.body] == [block.kind for block in new.body]
        return set() if same else {Change.KINDS}
    if sorted(before) == sorted(after):
        return {Change.MOVED}
    beside = list(blocks(before, after))
    if _common(beside) * 2 < max(sum(map(count, before)), sum(map(count, after))):
        return {Change.ANOTHER}
    found: set[Change] = set()
    for sign, _, _ in beside:
        match sign:
            case "+":
                found.add(Change.LONGER)
            case "-":
                found.add(Change.SHORTER)
            case "~":
                found.add(Change.REWORDED)
            case _:
                pass
    return found


def words_of(text: str) -> list[str]:
    """The words of a text; each mark of punctuation is one, and of scripts without spaces each character."""
    return _WORD.findall(text)


def count(text: str) -> int:
    """How many words a text has, so counted."""
    return len(words_of(text))


def count_words(text: str) -> int:
    """The same without punctuation."""
    return sum(1 for word in _WORD.findall(text) if word[0].isalnum())


def _common(beside: Iterable[tuple[str, str, str]]) -> int:
    """The words of blocks that both have, and of the likely same blocks that were reworded."""
    total = 0
    for sign, one, other in beside:
        if sign == "=":
            total += count(one)
        elif sign == "~":
            total += common(_WORD.findall(one), _WORD.findall(other))
    return total


def lines(old: Text, new: Text, signs: str = "-+~", around: int = 1) -> tuple[Line, ...]:
    """What differs in the words, in order; of the body the blocks of these signs, with so many blocks around each."""
    if isinstance(old, Refusal) or isinstance(new, Refusal):
        before = old.text.split("\n\n") if isinstance(old, Article) else [f"{old.verdict}: {old.reason}"]
        after = new.text.split("\n\n") if isinstance(new, Article) else [f"{new.verdict}: {new.reason}"]
        return (*(_line("body", "-", text) for text in before), *(_line("body", "+", text) for text in after))
    found: list[Line] = []
    for what in ("headline", "standfirst"):
        one, other = getattr(old, what), getattr(new, what)
        if one != other:
            found.append(_compared(what, one, other))
    every = [
        _line("body", sign, one or other) if sign != "~" else _compared("body", one, other)
        for sign, one, other in blocks([block.text for block in old.body], [block.text for block in new.body])
    ]
    near = {n + step for n, line in enumerate(every) if line.sign in signs for step in range(-around, around + 1)}
    return (*found, *(line for n, line in enumerate(every) if n in near))


def words(old: str, new: str) -> tuple[Piece, ...]:
    """Two texts word by word, as a person would mark it: a lone word that both have between changes is no rest."""
    before, after = _spaced(old), _spaced(new)
    found: list[Piece] = []
    old_words, new_words = [word for _, word in before], [word for _, word in after]
    for run in _slid(_legible(list(runs(old_words, new_words))), old_words, new_words):
        if not run.same:
            _put(found, "-", "".join(space + word for space, word in before[run.old.start : run.old.stop]))
            _put(found, "+", "".join(space + word for space, word in after[run.new.start : run.new.stop]))
            continue
        for a, b in zip(run.old, run.new, strict=True):
            (space, word), (other, _) = before[a], after[b]
            if space == other:
                _put(found, "=", space)
            else:
                _put(found, "-", space)
                _put(found, "+", other)
            _put(found, "=", word)
    return tuple(_joined(found))


def _spaced(text: str) -> list[tuple[str, str]]:
    """The words of a text, each with the space before it; the space at its end goes before an empty word."""
    found, at = [], 0
    for match in _WORD.finditer(text):
        found.append((text[at : match.start()], match[0]))
        at = match.end()
    return [*found, (text[at:], "")] if at < len(text) else found


def _put(found: list[Piece], sign: str, text: str) -> None:
    if text:
        found.append(Piece(sign, text))


def _legible(found: list[Run]) -> list[Run]:
    """Runs without those that are the same by chance: shorter than the changes on both sides of them."""
    kept: list[Run] = []
    for run in found:
        while len(kept) > 1 and not run.same:
            change, rest = kept[-2], kept[-1]
            if len(rest.old) > min(_BY_CHANCE, _length(change), _length(run)):
                break
            del kept[-2:]
            run = Run(False, range(change.old.start, run.old.stop), range(change.new.start, run.new.stop))  # noqa: PLW2901
        kept.append(run)
    return kept


def _slid(found: list[Run], before: Sequence[str], after: Sequence[str]) -> Iterator[Run]:
    """Of what was put in or taken out between words that are alike, the whole sentence: not the stop of one before it.

    "It ends. And more." has gained " And more.", not ". And more".
    """
    back = 0
    for n, run in enumerate(found):
        old, new = run.old, run.new
        if run.same:
            room = len(old) - back
            after_it = found[n + 1] if n + 1 < len(found) else None
            moved = back
            back = 0 if after_it is None else _shift(after_it, found[n + 2 :], before, after)
            if room + back > 0:
                yield Run(True, range(old.start + moved, old.stop + back), range(new.start + moved, new.stop + back))
            continue
        yield Run(False, range(old.start + back, old.stop + back), range(new.start + back, new.stop + back))


def _shift(change: Run, behind: Sequence[Run], before: Sequence[str], after: Sequence[str]) -> int:
    """By how many words a change goes on, so that it begins behind the end of a sentence; 0 where it cannot."""
    if not behind or (change.old and change.new):
        return 0
    words, place = (before, change.old) if change.old else (after, change.new)
    for step in range(len(behind[0].old) + 1):
        if words[place.start + step - 1] in _ENDS:
            return step
        if step == len(behind[0].old) or words[place.start + step] != words[place.stop + step]:
            break
    return 0


def _length(run: Run) -> int:
    return max(len(run.old), len(run.new))


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Between two stretches that stay, first all that went and then all that came, without the space around both."""
    same = ""
    for stays, some in groupby(pieces, key=lambda piece: piece.sign == "="):
        parts = list(some)
        if stays:
            same += "".join(piece.text for piece in parts)
            continue
        gone, came = ("".join(piece.text for piece in parts if piece.sign == sign) for sign in "-+")
        space = _space(gone, came)
        gone, came = gone[len(space) :], came[len(space) :]
        behind = _space(gone[::-1], came[::-1])[::-1]
        same += space
        if same:
            yield Piece("=", same)
        for sign, text in (("-", gone), ("+", came)):
            if len(text) > len(behind):
                yield Piece(sign, text[: len(text) - len(behind)])
        same = behind
    if same:
        yield Piece("=", same)


def _space(one: str, other: str) -> str:
    """The white space with which both begin."""
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b or not a.isspace():
            break
        length += 1
    return one[:length]


def _line(what: str, sign: str, text: str) -> Line:
    return Line(what, sign, (Piece(sign, text),))


def _compared(what: str, old: str | None, new: str | None) -> Line:
    if old is None or new is None:
        return _line(what, "+" if old is None else "-", new or old or "")
    return Line(what, "~", words(old, new))


def blocks(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Blocks side by side: a sign, the old block and the new one; an empty one where there is none."""
    for run in runs(before, after):
        old, new = [before[n] for n in run.old], [after[n] for n in run.new]
        if run.same:
            yield from (("=", one, other) for one, other in zip(old, new, strict=True))
        else:
            yield from _replaced(old, new)


def _replaced(before: list[str], after: list[str]) -> Iterator[tuple[str, str, str]]:
    """A run of old blocks in the place of which stand new ones: those that are alike are the same, reworded."""
    a = b = 0
    for one, other in (*_alike(before, after), (len(before), len(after))):
        yield from (("-", text, "") for text in before[a:one])
        yield from (("+", "", text) for text in after[b:other])
        if one < len(before):
            yield "~", before[one], after[other]
        a, b = one + 1, other + 1


def _alike(before: list[str], after: list[str]) -> list[tuple[int, int]]:
    """Which old blocks are which new ones, in order, so that as many words as can be stand in both."""
    if not before or not after or len(before) * len(after) > _MOST_PAIRS:
        return []
    old, new = [_WORD.findall(text) for text in before], [_WORD.findall(text) for text in after]
    sets = [set(one) for one in old], [set(one) for one in new]
    in_order = sum(map(len, old)) * sum(map(len, new)) <= _MOST_WORDS
    best = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    shared: dict[tuple[int, int], int] = {}
    for a in range(len(old) - 1, -1, -1):
        for b in range(len(new) - 1, -1, -1):
            best[a][b] = max(best[a + 1][b], best[a][b + 1])
            least = min(len(sets[0][a]), len(sets[1][b]))
            some = len(sets[0][a] & sets[1][b])
            if 2 * some > least:
                both = common(old[a], new[b]) if in_order else some
                if 2 * both > (min(len(old[a]), len(new[b])) if in_order else least):
                    shared[a, b] = both
                    best[a][b] = max(best[a][b], both + best[a + 1][b + 1])
    found, a, b = [], 0, 0
    while a < len(old) and b < len(new):
        if best[a][b] == best[a + 1][b]:
            a += 1
        elif best[a][b] == best[a][b + 1]:
            b += 1
        else:
            found.append((a, b))
            a, b = a + 1, b + 1
    return found
