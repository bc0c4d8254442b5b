"""``presskeep runs``: what ran when, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.catalogue import exchanged
from archive.clock import warc_date
from archive.errors import NotFound, UsageError
from archive.event import Run
from archive.store import Archive
from archive.traffic import Traffic
from archive.verbs.entries import open_archive
from archive.verbs.options import ArchiveOption, JsonOption
from archive.verbs.typeset import count, facts, heading, moment
from archive.verbs.words import Json

_FEW = 20  # shown, where nobody says how many
_UUID = "urn:uuid:"
_SHORT = 8  # characters of a run's id that tell it from others
_LEAST = 4  # that somebody must give
_MINUTE = len("2026-11-27 19:57")
_MARKS = {"finished": ("✓", "green"), "stopped": ("–", "yellow"), "failed": ("✗", "bold red")}


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of numbers, and the least width of a terminal that has room for it."""

    name: str
    least: int = 0


_COLUMNS = (
    _Column("took"),
    _Column("sites", 90),
    _Column("answers"),
    _Column("articles"),
    _Column("as before", 105),
    _Column("no answer", 90),
    _Column("size"),
)


def runs(
    run: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="One of them, by the first characters of its id.", show_default=False),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only the newest N; else 20.", show_default=False)
    ] = None,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """List what ran: each crawl, visit of a site for 'add', import or repair, and what it exchanged.

    The newest come last. One without an end (…) was killed, or is under way.
    """
    if run is not None and limit is not None:
        raise UsageError("a RUN is one: leave --limit out")
    with open_archive(archive) as opened:
        known = opened.runs()
        if run is not None:
            one = _named(known, run)
            traffic = _traffic(opened, one)
            if json:
                terminal.emit(_document(one, traffic))
            else:
                terminal.put(_page(one, traffic))
            return
        shown = known[-(limit or _FEW) :] if limit is not None or not json else known
        told = [(one, _traffic(opened, one)) for one in shown]
    if json:
        for one, traffic in told:
            terminal.emit(_document(one, traffic))
    elif terminal.out().is_terminal:
        terminal.out().print(_table(told, terminal.out().width))
    else:
        for one, traffic in told:
            terminal.row(_cells(one, traffic))
    if not json:
        more = len(known) - len(told)
        terminal.say(count(len(known), "run") + (f"; --limit {len(known)} shows {more} older ones" if more else ""))


def _traffic(archive: Archive, run: Run) -> Traffic:
    return exchanged.traffic(archive.catalog, run.id)


def _named(known: tuple[Run, ...], given: str) -> Run:
    wanted = given.removeprefix(_UUID).lower()
    if len(wanted) < _LEAST:
        raise UsageError(f"RUN takes the first characters of an id, {_LEAST} at least: 'presskeep runs' shows them")
    found = [one for one in known if one.id.removeprefix(_UUID).startswith(wanted)]
    if not found:
        raise NotFound(f"there is no run {given}: 'presskeep runs' shows those that there are")
    if len(found) > 1:
        raise UsageError(f"{len(found)} runs begin with {given}: give some characters more")
    return found[0]


def _document(run: Run, traffic: Traffic) -> Json:
    return {
        "run": run.id,
        "command": run.command,
        "started_at": warc_date(run.started),
        "ended_at": warc_date(run.ended) if run.ended is not None else None,
        "outcome": run.outcome,
        "sites": list(run.sites),
        "software": run.software,
        **traffic.document(),
    }


def _cells(run: Run, traffic: Traffic) -> tuple[str, ...]:
    return (
        moment(run.started),
        run.id.removeprefix(_UUID)[:_SHORT],
        run.command,
        run.outcome or "no end",
        _length(run),
        str(len(run.sites)),
        str(traffic.captures),
        str(traffic.articles),
        str(traffic.revisits),
        str(traffic.failures),
        decimal(traffic.bytes),
    )


def _length(run: Run) -> str:
    if run.ended is None:
        return "–"
    seconds = max(0, run.ended - run.started) // 1_000_000
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    return (
        f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds % 60:02} s" if minutes else f"{seconds} s"
    )


def _table(told: list[tuple[Run, Traffic]], width: int) -> RenderableType:
    """A run a line, with as many columns as there is room for."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("began, UTC", "run", "", "command"):
        table.add_column(name, no_wrap=True)
    wanted = [one for one in _COLUMNS if width >= one.least]
    for one in wanted:
        table.add_column(one.name, justify="right", no_wrap=True)
    for run, traffic in told:
        mark, style = _MARKS.get(run.outcome or "", ("…", "dim"))
        began, short, command, _, *numbers = _cells(run, traffic)
        cells = dict(zip(_COLUMNS, numbers, strict=True))
        table.add_row(
            began[:_MINUTE],
            Text(short, style="bold"),
            Text(mark, style=style),
            terminal.one_line(command),
            *("–" if cells[one] in {"0", "0 bytes"} else cells[one] for one in wanted),
        )
    return Padding(table, (0, 0, 0, 2), expand=False)


def _requisites(traffic: Traffic) -> str:
    """Parts of pages: how many came, and what others failed for; nothing where none was asked for."""
    if not traffic.requisites and not traffic.lacking:
        return ""
    said = ", ".join(f"{number:,} {reason}" for reason, number in sorted(traffic.lacking.items()))
    return f"{traffic.requisites:,}" + (f"; not to be had: {said}" if said else "")


def _page(run: Run, traffic: Traffic) -> RenderableType:
    ended = f"{moment(run.ended)}, after {_length(run)}" if run.ended is not None else "not that is known of"
    parts: list[RenderableType] = [
        facts(
            [
                ("run", run.id),
                ("command", run.command),
                ("began", moment(run.started)),
                ("ended", ended),
                ("outcome", run.outcome or "none: it was killed, or is under way"),
                ("sites", ", ".join(run.sites)),
                ("by", run.software),
            ]
        ),
        "",
        heading(f"{count(traffic.captures, 'answer')}, {decimal(traffic.bytes)}"),
        facts([*_numbers(traffic.answers), *_numbers(traffic.roles)]),
        facts(
            [
                ("articles", f"{traffic.articles:,}"),
                ("requisites", _requisites(traffic)),
                ("as before", f"{traffic.revisits:,}, of them {traffic.unchanged:,} by a 304"),
                ("cut", f"{traffic.truncated:,}" if traffic.truncated else ""),
            ]
        ),
    ]
    if traffic.attempts:
        parts += [
            "",
            heading(f"{count(traffic.failures, 'exchange')} without an answer"),
            facts(_numbers(traffic.attempts)),
        ]
    return Group(*parts)


def _numbers(counted: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(name, f"{number:,}") for name, number in sorted(counted.items())]
