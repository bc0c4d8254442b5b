"""``presskeep clean`` and ``rebuild``: what makes the derived things, again or for the first time."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal

from archive import terminal
from archive.cores import cores
from archive.errors import DamagedRecord
from archive.verbs.entries import open_archive
from archive.verbs.options import ArchiveOption, JsonOption
from archive.verbs.typeset import count, facts

if TYPE_CHECKING:
    from archive.entering.rebuild import Rebuilt
    from archive.textjob import TextSummary


def clean(
    again: Annotated[bool, typer.Option("--again", help="Try pages again that failed too often.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Whatever lacks a text by this cleaner, also those, on all cores.")
    ] = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Make the texts that are missing.

    Of captures that were never cleaned, or not by this version of the cleaner; and the Parquet files under text/.
    """
    from archive.crew import clean_pending  # noqa: PLC0415 - brings the extraction library: half a second
    from archive.profiles import settle  # noqa: PLC0415 - the same

    with open_archive(archive) as opened:
        if again or everything:
            opened.forgive_failures()
        with terminal.reported() as progress:
            settle(opened)
            done = clean_pending(opened, workers=cores() if everything else 0, progress=progress)
            compaction = opened.compact()
        given_up = sum(1 for _ in opened.failures())
    if json:
        terminal.emit(
            {
                "cleaned": done.cleaned,
                "refused": done.refused,
                "failed": done.failed,
                "verdicts": dict(done.verdicts),
                "texts": compaction.texts,
                "failures": given_up,
            }
        )
    else:
        terminal.put(facts([("made", made(done)), ("in all", f"{count(compaction.texts, 'text')} under text/")]))
    if given_up:
        terminal.say(
            f"{count(given_up, 'page')} could not be cleaned: 'presskeep list --verdict failed' says why, "
            "'presskeep clean --again' tries again"
        )


def rebuild(json: JsonOption = False, archive: ArchiveOption = None) -> None:
    """Make catalogue and texts again from the WARC files alone.

    The old catalogue stays in its place until the new one is whole.
    """
    with open_archive(archive) as opened, terminal.reported() as progress:
        done = opened.rebuild(progress)
    if json:
        terminal.emit(
            {
                "files": done.files,
                "bytes": done.bytes,
                "captures": done.captures,
                "attempts": done.attempts,
                "runs": done.runs,
                "cleaned": done.texts.cleaned,
                "refused": done.texts.refused,
                "failed": done.texts.failed,
                "verdicts": dict(done.texts.verdicts),
                "texts": done.compaction.texts,
                "recovered": [{"file": one.file, "cut": one.cut} for one in done.recovered],
                "damaged": [{**asdict(gap), "bytes": gap.length} for gap in done.damaged],
                "lost": done.lost,
                "unreached": list(done.unreached),
            }
        )
    else:
        terminal.put(
            facts(
                [
                    ("read", f"{count(done.files, 'WARC file')}, {decimal(done.bytes)}"),
                    ("found", f"{count(done.captures, 'capture')}, {count(done.attempts, 'failed attempt')}"),
                    ("of", count(done.runs, "run")),
                    ("made", made(done.texts)),
                    ("in all", f"{count(done.compaction.texts, 'text')} under text/"),
                ]
            )
        )
        for one in done.recovered:
            terminal.say(
                f"warc/{one.file}: its writer was killed; cut by {count(one.cut, 'byte')}, kept in quarantine/"
            )
        for reason in done.unreached:
            terminal.say(reason)
        for gap in done.damaged:
            terminal.say(f"damaged: warc/{gap}")
    if done.damaged or done.lost:
        raise DamagedRecord(_damage(done))


def _damage(done: Rebuilt) -> str:
    """What could not be read, what became of it, and what to do."""
    said = []
    if done.damaged:
        passed, files = sum(gap.length for gap in done.damaged), len({gap.file for gap in done.damaged})
        said.append(f"{count(passed, 'byte')} of {count(files, 'WARC file')} could not be read and were passed over")
    if done.lost:
        said.append(f"{count(done.lost, 'record')} can no longer be read: what the old catalogue had of them was kept")
    return (
        f"{'; '.join(said)}: 'presskeep verify' names them; copy those files from a backup into warc/ and run "
        "'presskeep rebuild' again"
    )


def made(summary: TextSummary) -> str:
    """What became of the captures that were cleaned, by verdict."""
    said = count(summary.cleaned + summary.refused, "text")
    if summary.verdicts:
        said += f": {', '.join(f'{number:,} {verdict}' for verdict, number in sorted(summary.verdicts.items()))}"
    return said + (f"; {summary.failed:,} could not be cleaned" if summary.failed else "")
