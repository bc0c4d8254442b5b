"""The story of one page: its edits in the order of time. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from archive.article import Article, Refusal
from archive.dataset.rows import Entry
from archive.difference import Piece
from archive.editing.comparing import compare, is_cut
from archive.editing.edit import Comparison, Edit, Kind, Passage, Side, Sign
from archive.editing.turns import Frame, Turn, frame, pages_of, turns

_NOTHING = Comparison((), (), (), 0, 0)
_OTHER_PROFILE = "another profile made its text: 'presskeep clean' brings all texts to the one that holds"
_CUT, _OPENED = "a wall cut it to a teaser", "the whole story is to be had again"
_PAGES = "not the same pages of the story were captured"
_DRAWN = "one of both pages was drawn by a browser, the other one was not"
# Of an edit in a list, so many changed passages are kept, and so many characters of them in all.
PASSAGES, CHARACTERS = 12, 4_000


def story(entries: Iterable[Entry], *, beside: bool = False) -> tuple[Edit, ...]:
    """The edits of a page's texts, which come in the order of site, time and capture id; all passages are in them.

    ``beside`` takes along what changed beside a text that stayed: byline, dates, pictures, a note.
    """
    found: list[Edit] = []
    for _, group in groupby(entries, key=lambda entry: (entry.capture.site, entry.capture.key)):
        some = {entry.capture.id: entry for entry in group}
        frames = filter(None, map(frame_of, some.values()))
        found += [edit_of(turn, some[turn.old], some[turn.new]) for turn in turns(frames, beside=beside)]
    return tuple(found)


def frame_of(entry: Entry) -> Frame | None:
    """What an entry shows of its story; None for what tells nothing of it."""
    return frame(entry.capture.id, entry.capture.at, entry.capture.status, entry.text)


def edit_of(turn: Turn, old: Entry, new: Entry) -> Edit:
    """The edit of a turn, from the texts of its two captures."""
    comparison, reason = _NOTHING, None
    kinds: set[Kind] = set()
    if isinstance(new.text, Refusal):
        kinds.add(Kind.DELETED)
        reason = new.text.reason
    elif isinstance(old.text, Article):
        if not turn.comparable:
            kinds.add(Kind.NOT_COMPARABLE)
            reason = _maker(old.text, new.text)
        elif is_cut(old.text) == is_cut(new.text):
            comparison = compare(old.text, new.text)
        kinds.update(comparison.kinds)
        if turn.access:
            kinds.add(Kind.ACCESS)
            reason = reason or (_CUT if is_cut(new.text) else _OPENED)
    if turn.returned:
        kinds.add(Kind.RETURNED)
    return Edit(
        site=new.capture.site,
        url=new.capture.url,
        key=new.capture.key,
        since=turn.since,
        old=_side(old, turn.edition[0]),
        new=_side(new, turn.edition[1]),
        comparison=replace(comparison, kinds=tuple(kind for kind in Kind if kind in kinds)),
        test=turn.test,
        reason=reason,
        told_at=turn.told,
    )


def _maker(old: Article, new: Article) -> str:
    """In what the making of two texts differs."""
    if old.provenance.profile != new.provenance.profile:
        return _OTHER_PROFILE
    return _PAGES if pages_of(old) != pages_of(new) else _DRAWN


def _side(entry: Entry, edition: int | None) -> Side:
    text = entry.text
    if isinstance(text, Refusal):
        return Side(entry.capture.id, entry.capture.at, None)
    return Side(entry.capture.id, entry.capture.at, edition, text.headline, text.modified)


def between(old: Entry, new: Entry) -> Edit:
    """Any two texts of a page beside each other, as `presskeep diff` and pages show them: no turn need lie there.

    All passages are in it, also of what cannot be compared fairly, which its kinds say. Where one of both is no
    article it is a deletion or a return, without passages.
    """
    returned = isinstance(old.text, Refusal) and isinstance(new.text, Article)
    first, second = old.capture, new.capture
    turn = Turn(first.id, second.id, second.at, first.at, (old.edition or 0, new.edition), returned=returned)
    if isinstance(old.text, Refusal) or isinstance(new.text, Refusal):
        return edit_of(turn, old, new)
    one, other = frame_of(old), frame_of(new)
    comparable = one is None or other is None or one.maker == other.maker or one.text == other.text
    made = edit_of(replace(turn, comparable=comparable), old, new)
    whole = compare(old.text, new.text)
    return replace(made, comparison=whole if comparable else replace(whole, kinds=made.kinds))


def excerpt(edit: Edit) -> Edit:
    """The same with the first changed passages alone: what a list shows, and keeps in memory.

    Of those that moved, what stands where they are now tells it.
    """
    kept: list[Passage] = []
    room = CHARACTERS
    stays = {Sign.SAME, Sign.MOVED_FROM}
    changed = [passage for passage in edit.comparison.passages if passage.sign not in stays]
    for passage in changed[:PASSAGES]:
        if room <= 0:
            break
        kept.append(_cut(passage, room))
        room -= sum(len(piece.text) for piece in kept[-1].pieces)
    facts = tuple(
        replace(fact, old=_short(fact.old), new=_short(fact.new)) for fact in edit.comparison.facts[:PASSAGES]
    )
    return replace(edit, comparison=replace(edit.comparison, passages=tuple(kept), facts=facts), excerpt=True)


def _cut(passage: Passage, room: int) -> Passage:
    pieces: list[Piece] = []
    for piece in passage.pieces:
        if room <= 0:
            break
        pieces.append(piece if len(piece.text) <= room else Piece(piece.sign, piece.text[:room] + "…"))
        room -= len(piece.text)
    return replace(passage, pieces=tuple(pieces))


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= CHARACTERS else text[:CHARACTERS] + "…"
