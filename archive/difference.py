"""How two texts of one page differ: in what, block by block, and word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from archive.article import Article, Refusal

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
# Scripts that set no spaces are compared by character.
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+|\s+|[^\w\s]")
# Pairs that are compared, of words in two blocks, and of blocks: difflib's cost is their product, and more than that.
_MOST_WORDS, _MOST_BLOCKS = 400_000, 40_000


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
    if _common(before, after) * 2 < max(_words(before), _words(after)):
        return {Change.ANOTHER}
    found: set[Change] = set()
    for sign, _, _ in _blocks(before, after):
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


def _words(blocks: Sequence[str]) -> int:
    return sum(len(_WORD.findall(text)) for text in blocks)


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    """The words of blocks that both have, and of the likely same blocks that were reworded."""
    total = 0
    for sign, one, other in _blocks(before, after):
        if sign == "=":
            total += _words([one])
        elif sign == "~":
            total += sum(len(_WORD.findall(piece.text)) for piece in words(one, other) if piece.sign == "=")
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
        for sign, one, other in _blocks([block.text for block in old.body], [block.text for block in new.body])
    ]
    near = {n + step for n, line in enumerate(every) if line.sign in signs for step in range(-around, around + 1)}
    return (*found, *(line for n, line in enumerate(every) if n in near))


def words(old: str, new: str) -> tuple[Piece, ...]:
    """Two texts word by word."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) * len(after) > _MOST_WORDS:
        return Piece("-", old), Piece("+", new)
    found: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece("=", "".join(before[a:b])))
            continue
        found += [Piece(sign, "".join(part)) for sign, part in (("-", before[a:b]), ("+", after[c:d])) if part]
    return tuple(found)


def _line(what: str, sign: str, text: str) -> Line:
    return Line(what, sign, (Piece(sign, text),))


def _compared(what: str, old: str | None, new: str | None) -> Line:
    if old is None or new is None:
        return _line(what, "+" if old is None else "-", new or old or "")
    return Line(what, "~", words(old, new))


def _blocks(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Blocks side by side: a sign, the old block and the new one; an empty one where there is none."""
    if len(before) * len(after) > _MOST_BLOCKS:
        yield from (("-", text, "") for text in before)
        yield from (("+", "", text) for text in after)
        return
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (("=", one, other) for one, other in zip(before[a:b], after[c:d], strict=True))
        else:
            yield from _replaced(list(before[a:b]), list(after[c:d]))


def _replaced(before: list[str], after: list[str]) -> Iterator[tuple[str, str, str]]:
    """A run of old blocks in the place of which stand new ones: those that are alike are the same, reworded."""
    rest = list(after)
    for one in before:
        like = next((n for n, other in enumerate(rest) if _alike(one, other)), None)
        if like is None:
            yield "-", one, ""
            continue
        yield from (("+", "", other) for other in rest[:like])
        yield "~", one, rest[like]
        del rest[: like + 1]
    yield from (("+", "", other) for other in rest)


def _alike(one: str, other: str) -> bool:
    """Whether most words of the shorter one stand in the other one, too."""
    some, others = set(_WORD.findall(one)), set(_WORD.findall(other))
    return 2 * len(some & others) > min(len(some), len(others)) > 0
