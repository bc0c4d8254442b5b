"""What is dropped from a body once it is found: labels, asides, dialogs, what a profile knows, the headline again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from lxml import html

from archive.cleaning.asides import aside, closing, of_author
from archive.cleaning.folding import fold
from archive.cleaning.labels import is_label
from archive.cleaning.place import place_of
from archive.cleaning.placed import Placed
from archive.cleaning.profile import Profile
from archive.cleaning.ruled import Ruled
from archive.cleaning.stream import TextStream

_DIALOGS = frozenset({"dialog", "alertdialog"})
_TOP = 3  # headline, standfirst and perhaps a kicker: below them, a repeated headline is somebody's sentence


class Dropped(StrEnum):
    """Why a block of the body was dropped."""

    LABEL = "label"
    PROFILE = "profile"
    HEADLINE = "headline"
    RULE = "rule"
    ASIDE = "aside"
    DIALOG = "dialog"


@dataclass(frozen=True, slots=True)
class Sifted:
    """The blocks that stay, and those that were dropped, each with its reason."""

    placed: tuple[Placed, ...]
    dropped: tuple[tuple[Placed, Dropped], ...]


def sift(
    found: tuple[Placed, ...], profile: Profile, headline: str | None, rules: Ruled, people: tuple[str, ...] = ()
) -> Sifted:
    """The blocks of a body without those that are none of the story, which ``people`` sign."""
    stream = rules.page.stream
    placed: list[Placed] = []
    dropped: list[tuple[Placed, Dropped]] = []
    said = fold(headline) if headline is not None else None
    spoken = _in_dialogs(found, stream)
    near = 0
    for one in found:
        if rules.drops(one):
            dropped.append((one, Dropped.RULE))
        elif rules.keeps(one.start):
            placed.append(one)
        elif is_label(one.block.text):
            dropped.append((one, Dropped.LABEL))
        elif not profile.is_empty and _is_known(one, profile, stream):
            dropped.append((one, Dropped.PROFILE))
        elif one.start in spoken:
            dropped.append((one, Dropped.DIALOG))
        elif aside(one.block.text, partial(stream.linked, one.start, one.end)):
            dropped.append((one, Dropped.ASIDE))
        else:
            near += 1
            if said is not None and near <= _TOP and fold(one.block.text) == said:
                dropped.append((one, Dropped.HEADLINE))
            elif near <= _TOP and of_author(one.block.text, people, below=False):
                dropped.append((one, Dropped.ASIDE))
            else:
                placed.append(one)
    while len(placed) > 1 and not rules.keeps(placed[-1].start) and _is_behind(placed[-1].block.text, people):
        dropped.append((placed.pop(), Dropped.ASIDE))
    return Sifted(tuple(placed), tuple(dropped))


def _is_behind(text: str, people: tuple[str, ...]) -> bool:
    return closing(text) is not None or of_author(text, people, below=True)


def _is_known(one: Placed, profile: Profile, stream: TextStream) -> bool:
    place = place_of(stream.owner(one.start))
    return profile.knows(one.block.text, place, stream.linked(one.start, one.end))


def _in_dialogs(found: tuple[Placed, ...], stream: TextStream) -> frozenset[int]:
    """Where the blocks begin that stand in dialogs: what pages lay over themselves and ask for before they are read.

    None do where most of the body would: there are pages that open their stories that way.
    """
    known: dict[html.HtmlElement, bool] = {}
    starts: list[int] = []
    within = 0
    for one in found:
        passed: list[html.HtmlElement] = []
        at: html.HtmlElement | None = stream.owner(one.start)
        while at is not None and at not in known and not _is_dialog(at):
            passed.append(at)
            at = at.getparent()
        inside = at is not None and known.get(at, True)
        known.update(dict.fromkeys(passed, inside))
        if inside:
            starts.append(one.start)
            within += one.end - one.start
    return frozenset(starts if 2 * within < sum(one.end - one.start for one in found) else ())


def _is_dialog(element: html.HtmlElement) -> bool:
    return element.get("role") in _DIALOGS or element.get("aria-modal") == "true" or element.tag == "dialog"
