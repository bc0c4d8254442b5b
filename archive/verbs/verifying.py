"""``presskeep verify``: every byte of an archive accounted for."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.padding import Padding
from rich.text import Text

from archive import terminal
from archive.entries import open_archive
from archive.errors import DamagedRecord
from archive.typeset import count, facts
from archive.verbs.options import ArchiveOption, JsonOption
from archive.verbs.words import Json

if TYPE_CHECKING:
    from archive.recleaning import Sample
    from archive.verify import Verification
    from archive.warc.check import Finding

REPAIRABLE = 7  # exit code: nothing is lost, and it says what repairs it
DAMAGED = DamagedRecord.exit_code
_SHOWN = 50  # findings of one severity that are shown; --json has all of them
# By `archive.warc.check.Severity`.
_STYLES = {"damaged": "bold red", "repairable": "yellow", "elsewhere": "yellow", "convention": "dim"}


def verify(
    deep: Annotated[bool, typer.Option("--deep", help="Also make each text again and compare.")] = False,
    sample: Annotated[
        float, typer.Option(metavar="SHARE", help="The same with a share of the texts: 0.1 is a tenth.", min=0, max=1)
    ] = 0.0,
    seed: Annotated[int, typer.Option(metavar="N", help="Which sample; each number draws another.")] = 0,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Account for every byte of the archive.

    Exit code 7 if something can be repaired and nothing is lost, 6 if something is damaged. Nothing is changed.
    """
    with open_archive(archive) as opened:
        with terminal.reported() as progress:
            found = opened.verify(deep=deep or _sample(sample, seed), progress=progress)
        path = opened.path
    code = DAMAGED if found.damaged else REPAIRABLE if found.repairable or found.elsewhere else 0
    if json:
        terminal.emit(_document(found))
    else:
        terminal.put(Group(*_page(found)))
        for cleaner, number in found.deep.elsewhere.items() if found.deep else ():
            terminal.say(_elsewhere(cleaner, number, path))
    if code:
        raise typer.Exit(code)


def _sample(share: float, seed: int) -> Sample | bool:
    from archive.recleaning import Sample  # noqa: PLC0415 - for this alone

    return Sample(share, seed) if share else False


def _page(found: Verification) -> list[RenderableType]:
    by_severity: dict[str, list[Finding]] = {severity: [] for severity in _STYLES}
    for finding in found.findings:
        by_severity[finding.severity].append(finding)
    parts: list[RenderableType] = []
    for severity, findings in by_severity.items():
        parts += [_finding(finding) for finding in findings[:_SHOWN]]
        if len(findings) > _SHOWN:
            parts.append(Text(f"{severity}: {len(findings) - _SHOWN:,} more; --json has all of them", style="dim"))
    deep = found.deep
    compared = f"{deep.same:,} the same, {deep.different:,} different" if deep else ""
    if deep and deep.undecided:
        compared += f", {deep.undecided:,} that could not be made this time"
    if deep and deep.left_out:
        compared += f"; {deep.left_out:,} are not in the sample"
    parts += ["", facts(
        [
            ("read", f"{count(found.files, 'WARC file')}, {decimal(found.bytes)}"),
            ("hold", f"{count(found.captures, 'capture')}, {count(found.attempts, 'failed attempt')}"),
            ("lost", f"{found.lost:,} of them to damage, as repairs say" if found.lost else ""),
            ("taken down", f"{found.taken_down:,} more of them" if found.taken_down else ""),
            ("texts", f"{found.texts:,}{f'; {found.waiting:,} are missing' if found.waiting else ''}"),
            ("made again", compared),
        ]
    ), "", _conclusion(found)]  # fmt: skip
    return parts if found.findings else parts[1:]


def _finding(finding: Finding) -> RenderableType:
    own = not finding.file.endswith(".sqlite") and not finding.file.startswith("attached/")
    file = f"warc/{finding.file}" if own else finding.file
    where = f"{file}, byte {finding.offset}" if finding.offset else file
    head = Text.assemble((str(finding.severity), _STYLES[finding.severity]), f"  {terminal.one_line(where)}")
    said = Text(f"{terminal.one_line(finding.message)} ({finding.rule})", style="dim")
    return Group(head, Padding(said, (0, 0, 0, 4), expand=False))


def _conclusion(found: Verification) -> Text:
    """What it comes to, and what to do next."""
    if found.damaged:
        return Text(
            "✗ stored bytes are damaged. If there is a backup of the named files, copy them into warc/; then run "
            "'presskeep repair'. All that is not named here can still be read.",
            style="bold red",
        )
    if found.repairable:
        return Text("! nothing is lost: run 'presskeep rebuild', which makes the rest again", style="yellow")
    if found.elsewhere:
        return Text(
            "! the archive's own bytes are accounted for; attached files are not: bring them back, or let go of them "
            "with 'presskeep detach'",
            style="yellow",
        )
    missing = "; 'presskeep clean' makes the missing texts" if found.waiting > found.failed else ""
    if found.lost:
        known = (
            f"{count(found.lost, 'capture')} lost to damage: a backup of their files and 'presskeep repair' bring back"
        )
        return Text(f"✓ every byte that is left is accounted for; {known} what they held{missing}", style="yellow")
    return Text(f"✓ every byte is accounted for{missing}", style="bold green")


def _elsewhere(cleaner: str, number: int, path: Path) -> str:
    release = cleaner.partition("+")[0]
    place = f"presskeep-{release}"
    return (
        f"{count(number, 'text')} of the cleaner {cleaner}, which is not installed here, can be made again with: "
        f"python3 -m venv {place} && {place}/bin/pip install presskeep=={release} && "
        f"{place}/bin/presskeep verify --deep --archive {shlex.quote(str(path))}"
    )


def _outcome(found: Verification) -> str:
    if found.damaged:
        return "damaged"
    return "repairable" if found.repairable else "elsewhere" if found.elsewhere else "sound"


def _document(found: Verification) -> Json:
    return {
        "outcome": _outcome(found),
        "files": found.files,
        "bytes": found.bytes,
        "captures": found.captures,
        "attempts": found.attempts,
        "taken_down": found.taken_down,
        "lost": found.lost,
        "texts": found.texts,
        "waiting": found.waiting,
        "failed": found.failed,
        "deep": asdict(found.deep) if found.deep else None,
        "findings": [asdict(finding) for finding in found.findings],
    }
