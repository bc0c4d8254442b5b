"""Edits of the whole archive as somebody asks for them: filtered, a part at a time, and at a cost that is bounded."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.clock import now
from archive.dataset.selection import back_to
from archive.editing.archived import Asked as Span
from archive.editing.archived import edits
from archive.editing.choosing import WORDS, Choice
from archive.editing.edit import Edit
from archive.errors import UsageError
from archive.replay.pages.asked import Asked
from archive.reservation import Reserved

if TYPE_CHECKING:
    from archive.store import Archive

_LOOKED_AT = 20_000  # captures, whatever is wanted


@dataclass(frozen=True, slots=True)
class Wish:
    """Which edits are wanted: the words of a request, and what they mean."""

    site: str
    since: str
    kind: str
    silent: bool
    tests: bool
    begin: int | None
    end: int | None
    choice: Choice

    @classmethod
    def of(cls, asked: Asked, clock: Callable[[], int] = now) -> Wish:
        """The wish of a request; raises UsageError."""
        kind, since = asked.text("kind"), asked.text("since")
        silent, tests = (asked.text(name) not in {"", "0"} for name in ("silent", "tests"))
        if kind and kind not in WORDS:
            raise UsageError(f"kind must be one of {', '.join(WORDS)}, and {kind[:40]!r} is none")
        if silent and tests:
            raise UsageError("a headline test is no silent edit: ask for one of both")
        try:
            begin = back_to(since, clock()) if since else None
        except (ValueError, OverflowError) as error:
            raise UsageError(f"since takes 7d, 12h or 2w, a day or a time, and not {since[:40]!r}") from error
        end = asked.number("until")
        choice = Choice.of((kind,) if kind else (), silent=silent, tests=tests)
        return cls(asked.text("site"), since, kind, silent, tests, begin, end, choice)

    @property
    def about(self) -> str:
        """What the edits are about, in words for the title of a feed."""
        words = (self.site, "silent ones" if self.silent else "", "headline tests" if self.tests else "", self.kind)
        return " · ".join(one for one in words if one)

    @property
    def words(self) -> dict[str, str]:
        """The same wish as parameters, but for where it goes on."""
        given = {"site": self.site, "since": self.since, "kind": self.kind}
        marks = {"silent": "1" if self.silent else "", "tests": "1" if self.tests else ""}
        return {name: value for name, value in {**given, **marks}.items() if value}


@dataclass(frozen=True, slots=True)
class Part:
    """Some edits, newest first, and the time in microseconds before which others may follow; None where none do."""

    edits: tuple[Edit, ...]
    until: int | None = None


def part(
    archive: Archive,
    wish: Wish,
    cleaner: str,
    withheld: frozenset[Reserved] = frozenset(),
    *,
    is_down: Callable[[str], bool] = lambda _: False,
    most: int = 30,
    looked_at: int = 300,
) -> Part:
    """The edits that are wanted, at most ``most``, among the ``looked_at`` newest ones; of one moment all.

    Those of addresses that are taken down where ``is_down`` asks are left out.
    """
    sites = (wish.site,) if wish.site else ()
    span = Span(
        since=wish.begin,
        until=wish.end,
        sites=sites,
        cleaner=cleaner,
        beside=wish.choice.beside,
        withheld=withheld,
        looked_at=_LOOKED_AT,
    )
    found: list[Edit] = []
    last: int | None = None
    every = edits(archive, span)
    try:
        for number, edit in enumerate(every):
            if (len(found) >= most or number >= looked_at) and last is not None and edit.new.at != last:
                return Part(tuple(found), last)
            last = edit.new.at
            if wish.choice.takes(edit) and not is_down(edit.url):
                found.append(edit)
    finally:
        if isinstance(every, Generator):  # it holds a connection to the catalogue
            every.close()
    return Part(tuple(found))
