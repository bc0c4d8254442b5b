"""What is remembered of a source between polls: a row of ``state.sqlite``, as JSON of bounded size."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields

from crawler.scheduling.rhythm import BINS, UNIT, Rhythm

SCHEMA = 1  # of the JSON; a newer one is refused
# A reason is for a person who reads a table.
MAX_PROBLEM = 300
# Few ever ask how often beyond that; keeps the JSON bounded.
MANY = 10**9


@dataclass(frozen=True, slots=True)
class SourceMemory:
    """A source as its polls showed it. Times in microseconds since 1970, UTC; None where it has not happened.

    ``first`` and ``asked`` are the first and the last poll; ``known`` the last one that told what the source holds,
    ``whole`` the last that told all of it, ``unchanged`` the last 304 behind that, ``news`` the last with something
    new. ``window`` is how many items the source shows, ``fill`` the thousandths of it that were new at once, fading.
    ``recent`` and ``awaited`` are thousandths of items that came, and that were expected, in the last hours, fading;
    ``silence`` those that were expected since something new came, ``unproved`` since a whole answer.
    ``failures`` in a row began at ``failing_since``, the last one for the reason ``problem``; ``not_before`` is what
    the server asked for. ``losses`` polls, the last one at ``lost_at``, may have come too late for some items
    (``lost``: an estimate); ``hurried`` says that the last poll did. ``suspected`` 304s in a row looked
    untrue; at ``doubted`` they were found to be.
    """

    first: int | None = None
    asked: int | None = None
    known: int | None = None
    whole: int | None = None
    unchanged: int | None = None
    news: int | None = None
    window: int = 0
    fill: int = 0
    rhythm: Rhythm = field(default_factory=Rhythm)
    recent: int = 0
    awaited: int = 0
    silence: int = 0
    unproved: int = 0
    failures: int = 0
    failing_since: int | None = None
    problem: str = ""
    not_before: int | None = None
    losses: int = 0
    lost: int = 0
    lost_at: int | None = None
    hurried: bool = False
    suspected: int = 0
    doubted: int | None = None

    def to_json(self) -> str:
        """Compact JSON, of at most some kilobytes; what has its default is left out."""
        said: dict[str, object] = {"schema": SCHEMA}
        for name, default in _DEFAULTS.items():
            value = getattr(self, name)
            if value != default:
                said[name] = value
        if self.rhythm != Rhythm():
            said["items"], said["hours"] = self.rhythm.items, self.rhythm.hours
        return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


_DEFAULTS = {one.name: one.default for one in fields(SourceMemory) if one.name != "rhythm"}
_OPTIONAL = {name for name, default in _DEFAULTS.items() if default is None}


def read_memory(text: str) -> SourceMemory:
    """The memory that JSON holds; raises ValueError where that is of a newer schema, or is no memory.

    Whoever reads a damaged one may begin with a new `SourceMemory`: that costs the source some polls.
    """
    said = json.loads(text)
    if not isinstance(said, dict) or not isinstance(schema := said.pop("schema", None), int):
        raise ValueError("no memory of a source")
    if schema > SCHEMA:
        raise ValueError(f"memory of a source of schema {schema}, this program knows {SCHEMA}")
    rhythm = Rhythm(_bins(said.pop("items", None)), _bins(said.pop("hours", None)))
    for name, value in said.items():
        default = _DEFAULTS.get(name, said)
        fits = type(value) is (int if name in _OPTIONAL else type(default))
        if default is said or not fits or (isinstance(value, int) and not -(2**63) < value < 2**63):
            raise ValueError(f"memory of a source with {name} = {value!r}"[:200])
    return SourceMemory(**said, rhythm=rhythm)


def _bins(said: object) -> tuple[int, ...]:
    if said is None:
        return (0,) * BINS
    if not isinstance(said, list) or len(said) != BINS:
        raise ValueError(f"a rhythm is {BINS} numbers")
    if not all(type(one) is int and 0 <= one <= MANY * UNIT for one in said):
        raise ValueError("a rhythm is whole numbers, none below 0")
    return tuple(said)
