"""Turns: between which captures of a page there is something to tell, by little of each. Pure.

What a capture shows is told in a `Frame`; the texts themselves are compared later, two at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import groupby

from archive.article import Article, Refusal
from archive.digest import sha256
from archive.editing.comparing import is_cut

GONE_STATUS = (404, 410, 451)


class Shown(Enum):
    """What a capture shows of a story."""

    WHOLE = auto()
    CUT = auto()  # a teaser: its text is the beginning of the story
    GONE = auto()


# A test is decided within hours, at most over a weekend. A headline that was seen for as long as this was settled upon:
# where it goes again, it was taken back. Captures tell at least how long it stood.
_SETTLED = 3 * 24 * 3_600_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Frame:
    """One capture of a page, in what turns depend on.

    ``text`` is the digest that editions compare. ``maker`` tells texts apart that may differ by how they were made:
    the profile, whether a browser drew the page, and which pages of a split story were had. ``headline``, ``rest`` of
    the text, ``facts`` beside it, and of these what is ``telling`` (dates and notes) are digests, too. All are empty
    where the page was gone.
    """

    capture_id: str
    at: int
    shown: Shown
    text: str = ""
    maker: str = ""
    headline: str = ""
    rest: str = ""
    facts: str = ""
    telling: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """Two captures, by their ids, between which something happened, and the editions that they show.

    ``at`` is the time of ``new``, ``since`` that of the last capture before it: what happened lies between both.
    ``access``: a wall came or went. ``beside``: the text stayed, and what is known beside it did not. ``told``: when a
    date or a note changed beside the new text, later than the text itself.
    """

    old: str
    new: str
    at: int
    since: int
    edition: tuple[int, int | None]
    gone: bool = False
    returned: bool = False
    access: bool = False
    beside: bool = False
    comparable: bool = True
    test: bool = False
    told: int | None = None


def frame(capture_id: str, at: int, status: int | None, text: Article | Refusal) -> Frame | None:
    """What a capture shows; None for what tells nothing of the story: an error, a challenge, a wall without a text."""
    if isinstance(text, Refusal):
        gone = text.verdict == "soft-404" or (text.verdict == "http-error" and status in GONE_STATUS)
        return Frame(capture_id, at, Shown.GONE) if gone else None
    rest = [text.standfirst or "", *(f"{block.kind}\t{block.text}" for block in text.body)]
    telling = (text.published, text.modified, text.corrections)
    facts = (text.byline, *telling, text.lead_image, text.images)
    return Frame(
        capture_id,
        at,
        Shown.CUT if is_cut(text) else Shown.WHOLE,
        text.text_digest,
        f"{text.provenance.profile} {text.provenance.captures[0].role}{pages_of(text)}",
        _digest(text.headline or ""),
        _digest("\n".join(rest)),
        _digest(repr(facts)),
        _digest(repr(telling)),
    )


def pages_of(article: Article) -> str:
    """Which pages of a story on several a text lacks, or that it has all of it from one; empty for most."""
    whole = any(one.number == 0 and one.capture is not None for one in article.further)
    return "".join([" on one page" if whole else "", *(f" without page {one.number}" for one in article.missing)])


def _digest(text: str) -> str:
    return sha256(text.encode())[-16:]


def turns(frames: Iterable[Frame], *, beside: bool = False) -> tuple[Turn, ...]:
    """What happened to a story, from its captures in the order of time and id.

    Consecutive editions are turns, and so are the first capture that finds the page gone, and the one that finds it
    again. Where a wall cuts a story and opens it again, texts on the same side of the wall are compared. ``beside``
    takes along what changed beside the text.
    """
    found: list[tuple[Turn, tuple[str, str]]] = []
    editions: list[Frame] = []
    until: list[int] = []  # when each was seen last
    last: dict[Shown, tuple[Frame, int]] = {}  # the last text on each side of the wall, and its edition
    before: tuple[Frame, int] | None = None  # the last text
    gone: Frame | None = None  # the last capture that found nothing, since then
    told_by: tuple[int, str] | None = None  # where the last edit lies in what was found, and what its page told then
    for one in frames:
        if one.shown is Shown.GONE:
            if before is not None:
                if gone is None:
                    turn = Turn(
                        before[0].capture_id, one.capture_id, one.at, before[0].at, (before[1], None), gone=True
                    )
                    found.append((turn, ("", "")))
                gone = one
            continue
        if not editions or editions[-1].text != one.text:
            editions.append(one)
            until.append(one.at)
        until[-1] = one.at
        if before is not None:
            access = before[0].shown is not one.shown
            base, edition = last.get(one.shown, before)
            turn = Turn(
                base.capture_id,
                one.capture_id,
                one.at,
                (gone or before[0]).at,
                (edition, len(editions)),
                returned=gone is not None,
                access=access,
                beside=base.text == one.text and not access and gone is None,
                comparable=base.maker == one.maker or base.text == one.text,
            )
            if turn.beside and told_by is not None and one.telling != told_by[1]:
                edit, headlines = found[told_by[0]]
                found[told_by[0]], told_by = (replace(edit, told=one.at), headlines), None
            if base.text != one.text:
                told_by = (len(found), one.telling) if turn.comparable else None
            if not turn.beside or (beside and base.maker == one.maker and base.facts != one.facts):
                found.append((turn, (base.headline, one.headline)))
        gone, before = None, (one, len(editions))
        last[one.shown] = before
    tested = _tested(editions, until)
    return tuple(replace(turn, test=True) if headlines in tested else turn for turn, headlines in found)


def _tested(editions: Sequence[Frame], until: Sequence[int]) -> set[tuple[str, str]]:
    """Pairs of headlines that a page shows in turn (A, B, A) while the rest of its text stays.

    Once known, they are known for the whole story: a test may go on while paragraphs change. A headline that was seen
    for days before the one before it came again was no test: it was taken back.
    """
    found: set[tuple[str, str]] = set()
    shown = zip(editions, until, strict=True)
    for _, some in groupby(shown, key=lambda one: (one[0].maker, one[0].shown, one[0].rest)):
        runs = list(some)
        headlines = [one.headline for one, _ in runs]
        place: dict[str, int] = {}
        for n, one in enumerate(headlines):
            since = place.get(one)
            if since is not None and all(last - first.at < _SETTLED for first, last in runs[since + 1 : n]):
                circle = set(headlines[since:n])
                found |= {(a, b) for a in circle for b in circle if a != b}
            place[one] = n
    return found
