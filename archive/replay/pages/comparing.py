"""Two editions side by side as a page shows them: passages that changed with their neighbours, words in runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from archive.dataset.rows import Entry
from archive.difference import Piece
from archive.editing.edit import Edit, Passage, Sign
from archive.editing.story import between


@dataclass(frozen=True, slots=True)
class Compared:
    """An edit, and those of its passages that are shown; ``left_out`` of them are not."""

    edit: Edit
    passages: tuple[Passage, ...]
    left_out: int


def compare(old: Entry, new: Entry, *, whole: bool = False) -> Compared:
    """What a new text says otherwise than an old one: what changed with a passage around it, or the ``whole`` text."""
    edit = between(old, new)
    every = edit.comparison.passages
    shown = every if whole else _near(every)
    return Compared(edit, tuple(replace(one, pieces=together(one.pieces)) for one in shown), len(every) - len(shown))


def _near(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    changed = [number for number, one in enumerate(passages) if one.sign is not Sign.SAME]
    near = {number + step for number in changed for step in (-1, 0, 1)}
    return tuple(one for number, one in enumerate(passages) if number in near)


def together(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Changed words that only white space parts as one change: what was removed, then what stands there now."""
    found: list[Piece] = []
    old, new, between_them = "", "", ""

    def put() -> None:
        nonlocal old, new, between_them
        found.extend(Piece(sign, text) for sign, text in (("-", old), ("+", new), ("=", between_them)) if text)
        old = new = between_them = ""

    for piece in pieces:
        if piece.sign == "=":
            if (old or new) and not between_them and piece.text.isspace():
                between_them = piece.text
                continue
            put()
            found.append(piece)
            continue
        if between_them:
            old, new = (one + between_them if one else one for one in (old, new))
            between_them = ""
        if piece.sign == "-":
            old += piece.text
        else:
            new += piece.text
    put()
    return tuple(found)
