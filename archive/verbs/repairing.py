"""``presskeep repair``: what damage has changed, put right where that can be proved, else cut out and kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from archive import terminal
from archive.errors import DamagedRecord
from archive.verbs.entries import open_archive
from archive.verbs.options import ArchiveOption, JsonOption
from archive.verbs.typeset import count
from archive.verbs.words import Json

if TYPE_CHECKING:
    from archive.repairing.repair import Action, Repaired

_SHOWN = 50  # actions, and lost URLs, that are shown; --json has all of them
_RETURNED = "! no byte is lost, but what was purged is there again: purge it again, or bring the newer files back"
_STYLES = {"restored": "green", "entered": "green", "made again": "green", "cut": "bold red"}


def repair(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE…]", help="Only these WARC files, as verify names them.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would be done.")] = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Put right what is damaged.

    What can be proved is restored byte for byte; what cannot is cut out, kept in quarantine/ and known as lost. Exit
    code 6 if anything is lost.
    """
    from archive.repairing.repair import repair  # noqa: PLC0415 - a rebuild may follow, which brings the extraction library

    with open_archive(archive) as opened, terminal.reported() as progress:
        done = repair(opened, files or (), dry_run=dry_run, progress=progress)
    if json:
        terminal.emit(_document(done))
    else:
        terminal.put(Group(*_page(done, dry_run=dry_run)))
    if not done.whole:
        raise typer.Exit(DamagedRecord.exit_code)
    if done.returned:
        raise typer.Exit(1)


def _page(done: Repaired, *, dry_run: bool) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for one in done.recovered:
        kept = f"; {count(one.cut, 'byte')} of no whole record are kept in quarantine/" if one.cut else ""
        parts.append(Text(f"warc/{terminal.one_line(one.file)}: its writer was killed, it is closed now{kept}"))
    parts += [_action(one) for one in done.actions[:_SHOWN]]
    parts += _more(len(done.actions), "action")
    if done.lost:
        parts += ["", Text(f"Lost: {count(len(done.lost), 'capture')}", style="bold")]
        parts += [Text(f"    {terminal.one_line(url)}") for url in done.lost[:_SHOWN]]
        parts += _more(len(done.lost), "capture")
    if parts:
        parts.append("")
    return [*parts, _conclusion(done, dry_run=dry_run)]


def _more(number: int, noun: str) -> list[RenderableType]:
    return (
        [Text(f"{count(number - _SHOWN, noun)} more; --json has all of them", style="dim")] if number > _SHOWN else []
    )


def _action(one: Action) -> RenderableType:
    where = f"warc/{terminal.one_line(one.file)}"
    if one.offset:
        where += f", byte {one.offset}"
    if one.length:
        where += f", {count(one.length, 'byte')}"
    said = terminal.one_line(one.said) + (f"; kept as quarantine/{terminal.one_line(one.kept)}" if one.kept else "")
    head = Text.assemble((str(one.outcome), _STYLES.get(one.outcome, "bold red")), f"  {where}")
    return Group(head, Padding(Text(said, style="dim"), (0, 0, 0, 4), expand=False))


def _conclusion(done: Repaired, *, dry_run: bool) -> Text:
    """What it comes to, and what to do next."""
    from archive.repairing.repair import Outcome  # noqa: PLC0415 - as above

    catalogue = "; the catalogue is made again" if done.rebuilt else ""
    if dry_run:
        if not (done.actions or done.rebuilt):
            return Text("✓ there is nothing to repair", style="bold green")
        if all(one.outcome is Outcome.RETURNED for one in done.actions) and not done.rebuilt:
            return Text(_RETURNED, style="yellow")
        said = "nothing was changed: without --dry-run this is done"
        return Text(f"! {said}{catalogue}", style="yellow")
    if not done.whole:
        return Text(
            "✗ not all could be restored. A backup of the named files can: copy them into warc/ and run "
            "'presskeep repair' again. Everything else is whole.",
            style="bold red",
        )
    if done.returned:
        return Text(_RETURNED, style="yellow")
    if done.actions or done.recovered or done.rebuilt:
        return Text(f"✓ everything is as it was{catalogue}", style="bold green")
    return Text("✓ there is nothing to repair", style="bold green")


def _document(done: Repaired) -> Json:
    return {
        "outcome": "whole" if done.whole else "lost",
        "actions": [asdict(one) for one in done.actions],
        "lost": list(done.lost),
        "recovered": [{"file": one.file, "cut": one.cut} for one in done.recovered],
        "rebuilt": done.rebuilt,
    }
