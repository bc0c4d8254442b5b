"""Options that several verbs share, and how their values are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from archive import terminal
from archive.clock import now
from archive.dataset.selection import back_to, instant
from archive.errors import UsageError
from archive.misuse import choose
from archive.reservation import Reserved

ArchiveOption = Annotated[
    Path | None,
    typer.Option(
        "--archive",
        envvar="PRESSKEEP_ARCHIVE",
        metavar="DIR",
        help="The archive; else it is looked for from the current directory upwards.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines on stdout.")]
SitesOption = Annotated[
    list[str] | None,
    typer.Option("--site", metavar="SITE", help="Only this site; may be given several times.", show_default=False),
]
LanguagesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--language", metavar="TAG", help="Only this language, such as de; may be repeated.", show_default=False
    ),
]
CleanerOption = Annotated[
    str | None,
    typer.Option(
        "--cleaner",
        metavar="VERSION",
        help="Texts by this version of the cleaner, or one that begins so; else by the installed one.",
        show_default=False,
    ),
]
ReservedOption = Annotated[
    list[str] | None,
    typer.Option(
        "--reserved",
        metavar="WHAT",
        help="Only captured with that reservation: tdm or noarchive. Repeatable.",
        show_default=False,
    ),
]
UnreservedOption = Annotated[
    bool, typer.Option("--unreserved", help="Only captured without a reservation.", show_default=False)
]
WithheldOption = Annotated[
    bool,
    typer.Option("--with-withheld", help="Also what \\[reservations] in archive.toml withholds.", show_default=False),
]
UrlArgument = Annotated[str, typer.Argument(metavar="URL", help="The page's address.", show_default=False)]
AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="As captured nearest to then; else the latest.", show_default=False),
]


def point(given: str | None, option: str) -> int | None:
    """An ISO 8601 day or time as microseconds since 1970, UTC; raises UsageError."""
    if given is None:
        return None
    try:
        return instant(given)
    except ValueError as error:
        raise UsageError(
            f"{option} takes a day or a time such as 2026-11-24 or 2026-11-24T09:30Z, not {given!r}"
        ) from error


def since_point(given: str | None, option: str) -> int | None:
    """The same, or a length of time before now, such as ``7d``; raises UsageError."""
    try:
        return None if given is None else back_to(given, now())
    except ValueError as error:
        raise UsageError(
            f"{option} takes a length of time such as 7d, 12h or 2w, a day or a time such as 2026-11-24 or "
            f"2026-11-24T09:30Z, not {given!r}"
        ) from error


def day(given: str | None, option: str) -> str | None:
    """The same, checked but kept as it was written."""
    point(given, option)
    return given


def name_withheld(number: int) -> None:
    """Say how much a file that is handed on lacks because it is withheld."""
    if number:
        terminal.say(
            f"{number:,} {'is' if number == 1 else 'are'} not in it: withheld by [reservations] in archive.toml;"
            " --with-withheld takes them along"
        )


def kinds(given: Sequence[str] | None, *, unreserved: bool) -> frozenset[Reserved]:
    """The values of ``--reserved``; raises UsageError."""
    if given and unreserved:
        raise UsageError("--reserved and --unreserved leave nothing together: give one of them")
    return frozenset(Reserved(one) for one in noted(given, "--reserved", Reserved))


def noted(given: Sequence[str] | None, option: str, allowed: Iterable[str]) -> tuple[str, ...]:
    """The values of a repeatable option, each one of the allowed; raises UsageError, which names them."""
    known = list(allowed)
    for one in given or ():
        if one not in known:
            raise UsageError(choose(option, one, known))
    return tuple(given or ())
