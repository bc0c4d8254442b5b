"""``presskeep init``: a new archive."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive import terminal
from archive.errors import ConfigurationError, UsageError
from archive.verbs.options import JsonOption
from archive.verbs.typeset import facts

if TYPE_CHECKING:
    from archive.store import Archive

_ASKED = 3  # times that somebody is asked for a contact before the error is theirs


def init(
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Where to make it: a directory that is new or empty.", show_default=False),
    ],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Goes into file names; else the directory's.", show_default=False),
    ] = None,
    operator: Annotated[
        str, typer.Option(metavar="WHO", help="Person or institution; goes into the WARC files.", show_default=False)
    ] = "",
    contact: Annotated[
        str | None,
        typer.Option(
            metavar="EMAIL_OR_URL",
            help="Where publishers reach you; goes into each request. Nothing is fetched without one.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make an archive."""
    with _create(directory, name, operator, contact, ask=not json) as made:
        path, configuration = made.path, made.configuration
    if json:
        terminal.emit(
            {
                "path": str(path),
                "id": configuration.id,
                "name": configuration.name,
                "operator": configuration.operator,
                "contact": configuration.contact,
            }
        )
    else:
        terminal.put(
            facts(
                [
                    ("archive", configuration.name),
                    ("lies in", str(path)),
                    ("operator", configuration.operator),
                    ("contact", configuration.contact or "none yet"),
                ]
            )
        )
    if not configuration.contact:
        terminal.say(
            'crawling needs a contact: write contact = "you@example.org" into '
            f"{path / 'archive.toml'} (an address where publishers reach you)"
        )
    if not json:
        terminal.say(f"next: cd {directory}; presskeep add https://example-news.org/")


def _create(directory: Path, name: str | None, operator: str, contact: str | None, *, ask: bool) -> Archive:
    from archive.configuration import FILE_NAME, check  # noqa: PLC0415 - help needs neither pydantic nor SQL
    from archive.store import WARC, Archive  # noqa: PLC0415

    if directory.is_dir() and not (directory / FILE_NAME).exists():
        held = sorted(one.name for one in directory.iterdir() if one.name != WARC)
        if held:
            raise UsageError(f"{directory} is not empty (it holds {held[0]}): name a directory that is new or empty")
    try:
        check(name=name if name is not None else "archive", operator=operator, contact=contact or "")
    except ConfigurationError as error:  # before anything is made
        raise UsageError(f"--{error.message.replace(' = ', ' ', 1)}") from None
    ask = ask and sys.stdin.isatty() and sys.stderr.isatty()
    if contact is not None or not ask or (directory / FILE_NAME).exists():  # refused: why ask first?
        return Archive.create(directory, name=name, operator=operator, contact=contact or "")
    for left in reversed(range(_ASKED)):
        given = typer.prompt(
            "Contact for publishers, a mail or web address (Enter: later)", default="", show_default=False, err=True
        )
        try:
            check(name="archive", contact=given.strip())
            return Archive.create(directory, name=name, operator=operator, contact=given.strip())
        except ConfigurationError as error:
            if not left:
                raise
            terminal.say(str(error))
    raise AssertionError("unreachable: the last try returns or raises")
