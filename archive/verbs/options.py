"""Options that several verbs share, and how their values are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from archive.dataset.selection import instant
from archive.errors import UsageError
from archive.misuse import choose

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


def day(given: str | None, option: str) -> str | None:
    """The same, checked but kept as it was written."""
    point(given, option)
    return given


def noted(given: Sequence[str] | None, option: str, allowed: Iterable[str]) -> tuple[str, ...]:
    """The values of a repeatable option, each one of the allowed; raises UsageError, which names them."""
    known = list(allowed)
    for one in given or ():
        if one not in known:
            raise UsageError(choose(option, one, known))
    return tuple(given or ())
