"""What is dropped from a body once it is found: labels, what a profile knows, and the headline said again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from archive.cleaning.folding import fold
from archive.cleaning.labels import is_label
from archive.cleaning.place import place_of
from archive.cleaning.placed import Placed
from archive.cleaning.profile import Profile
from archive.cleaning.ruled import Ruled
from archive.cleaning.stream import TextStream

_TOP = 3  # headline, standfirst and perhaps a kicker: below them, a repeated headline is somebody's sentence


class Dropped(StrEnum):
    """Why a block of the body was dropped."""

    LABEL = "label"
    PROFILE = "profile"
    HEADLINE = "headline"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Sifted:
    """The blocks that stay, and those that were dropped, each with its reason."""

    placed: tuple[Placed, ...]
    dropped: tuple[tuple[Placed, Dropped], ...]


def sift(found: tuple[Placed, ...], profile: Profile, headline: str | None, rules: Ruled) -> Sifted:
    """The blocks of a body without those that are none of the story."""
    stream = rules.page.stream
    placed: list[Placed] = []
    dropped: list[tuple[Placed, Dropped]] = []
    said = fold(headline) if headline is not None else None
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
        else:
            near += 1
            if said is not None and near <= _TOP and fold(one.block.text) == said:
                dropped.append((one, Dropped.HEADLINE))
            else:
                placed.append(one)
    return Sifted(tuple(placed), tuple(dropped))


def _is_known(one: Placed, profile: Profile, stream: TextStream) -> bool:
    place = place_of(stream.owner(one.start))
    return profile.knows(one.block.text, place, stream.linked(one.start, one.end))
