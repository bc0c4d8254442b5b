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

from archive import heap, terminal
from archive.errors import DamagedRecord, UsageError
from archive.verbs.entries import open_archive
from archive.verbs.options import ArchiveOption, JsonOption
from archive.verbs.typeset import count, facts
from archive.verbs.words import Json
from archive.warc.finding import Finding, Remedy, Rule, Severity

if TYPE_CHECKING:
    from archive.verification.recleaning import Sample
    from archive.verification.verify import Verification

REPAIRABLE = 7  # exit code: nothing is lost, and it says what repairs it
DAMAGED = DamagedRecord.exit_code
# What is shown; --json has all: files and rules that ask for one thing, findings of one file and rule.
_GROUPS, _OF_GROUP, _OF_HARMLESS = 50, 5, 1
_STYLES = {
    Severity.DAMAGED: "bold red",
    Severity.REPAIRABLE: "yellow",
    Severity.ELSEWHERE: "yellow",
    Severity.CONVENTION: "dim",
    Severity.NOTE: "dim",
}


def verify(
    deep: Annotated[bool, typer.Option("--deep", help="Also make each text again and compare.")] = False,
    sample: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="The same with a share of the texts: 0.1 is a tenth.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", help="Which sample (0); each number draws another.", show_default=False),
    ] = None,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Account for every byte of the archive.

    Exit code 7 if something can be repaired and nothing is lost, 6 if something is damaged. Nothing is changed.
    """
    drawn = _drawn(sample, seed, deep=deep)
    heap.keep()
    with heap.unsearched():
        from archive.verification import verify as verification  # noqa: PLC0415 - SQL takes 0.3 s to import
        from archive.verification.inspectors import StandingBy  # noqa: PLC0415

    with open_archive(archive) as opened:
        # Before the bar, which has a thread, and before the catalogue is opened.
        with StandingBy(opened.warc_path) as standing_by, terminal.reported() as progress:
            found = verification.verify(opened, deep=drawn, progress=progress, standing_by=standing_by)
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


def _drawn(share: float | None, seed: int | None, *, deep: bool) -> Sample | bool:
    """Which texts are made again; raises UsageError where that is not said clearly."""
    if share is None:
        if seed is not None:
            raise UsageError("--seed says which sample: add --sample SHARE, as in --sample 0.1")
        return deep
    if deep:
        raise UsageError("--deep makes all texts again, --sample a share of them: give one of the two")
    if not 0 < share <= 1:
        raise UsageError(f"--sample {share:g}: a share is above 0 and up to 1, as in --sample 0.1 for a tenth")
    from archive.verification.recleaning import Sample  # noqa: PLC0415 - for this alone

    return Sample(share, seed or 0)


def _page(found: Verification) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for severity in Severity:
        of_severity = found.of(severity)
        for remedy in dict.fromkeys(one.remedy for one in of_severity):
            parts += _section(severity, remedy, [one for one in of_severity if one.remedy is remedy])
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


def _section(severity: Severity, remedy: Remedy, findings: list[Finding]) -> list[RenderableType]:
    """Findings that are of one weight and ask for the same, by file and rule; then what they ask for."""
    places: dict[tuple[str, Rule], list[Finding]] = {}
    for finding in findings:
        places.setdefault((finding.file, finding.rule), []).append(finding)
    parts: list[RenderableType] = []
    for (file, rule), some in list(places.items())[:_GROUPS]:
        number = f", {len(some):,} times" if len(some) > 1 else ""
        head = f"  {terminal.one_line(_name(file))}: {rule}{number}"
        parts.append(Text.assemble((str(severity), _STYLES[severity]), head))
        shown = some[: _OF_HARMLESS if severity.harmless else _OF_GROUP]
        parts += [Padding(_said(one), (0, 0, 0, 4), expand=False) for one in shown]
        if len(some) > len(shown):
            parts.append(Text(f"    and {len(some) - len(shown):,} more; --json has all of them", style="dim"))
    if len(places) > _GROUPS:
        left = sum(len(some) for some in list(places.values())[_GROUPS:])
        more = f"{severity}: {left:,} more, in {len(places) - _GROUPS:,} groups; --json has all of them"
        parts.append(Text(more, style="dim"))
    if remedy:
        parts.append(Padding(Text(f"→ {remedy}", style=_STYLES[severity]), (0, 0, 0, 2), expand=False))
    return parts


def _name(file: str) -> str:
    """A file as the user finds it in the archive's directory."""
    return file if file.endswith(".sqlite") or file.startswith(("attached/", "text/")) else f"warc/{file}"


def _said(finding: Finding) -> Text:
    at = f"byte {finding.offset}: " if finding.offset else ""
    return Text(f"{at}{terminal.one_line(finding.message)}", style="dim")


def _conclusion(found: Verification) -> Text:
    """What it comes to; what to do next stands beside the findings."""
    if found.damaged:
        return Text(
            "✗ stored bytes are damaged: do what stands behind →. All that is not named here can still be read.",
            style="bold red",
        )
    if found.repairable:
        steps = list(dict.fromkeys(one.remedy for one in found.of(Severity.REPAIRABLE)))
        return Text(f"! nothing is lost: {'; '.join(steps)}", style="yellow")
    if found.elsewhere:
        return Text(
            f"! the archive's own bytes are accounted for; attached files are not: {Remedy.ATTACH}", style="yellow"
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
        "findings": [_entry(finding) for finding in found.findings],
    }


def _entry(finding: Finding) -> Json:
    return {
        "file": finding.file,
        "offset": finding.offset,
        "rule": str(finding.rule),
        "severity": str(finding.severity),
        "message": finding.message,
        "next": str(finding.remedy),
    }
