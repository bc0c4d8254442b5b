"""``presskeep status``: how the crawl is, and what needs a person."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.clock import to_datetime, warc_date
from archive.errors import UsageError
from archive.verbs.entries import open_archive
from archive.verbs.options import ArchiveOption, JsonOption
from archive.verbs.typeset import count
from crawler.verbs.backfilling import backfilled_json

if TYPE_CHECKING:
    from crawler.backlog import Backfilled
    from crawler.status import SiteStatus, SourceStatus, Status

_REFRESH = 5.0  # seconds
_STYLES = {"ok": "green", "new": "dim", "lossy": "yellow", "quiet": "red", "failing": "yellow", "dead": "red"}
_NEEDS = 20  # told one by one


def status(
    sites: Annotated[
        list[str] | None,
        typer.Argument(metavar="SITE", help="Only these, with each of their sources.", show_default=False),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and show it anew every few seconds.")] = False,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell what is new of that to the notify of archive.toml; for cron.")
    ] = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> int:
    """Show how the crawl is: the service, each site, the disk. Exit code 1 when something needs a person."""
    from crawler.notifying import tell  # noqa: PLC0415 - help needs neither SQL nor pydantic
    from crawler.status import status as look  # noqa: PLC0415

    names = sites or ()
    with open_archive(archive) as opened:
        if watch:
            if json or not terminal.out().is_terminal:
                raise UsageError("--watch is for a terminal: leave it out here")
            return _watched(lambda: page(look(opened, names), str(opened.path), sources=bool(names)))
        found = look(opened, names)
        if json:
            terminal.emit(document(found))
        elif terminal.out().is_terminal:
            terminal.out().print(page(found, str(opened.path), sources=bool(names)))
        else:
            for one in found.sites:
                terminal.row(_cells(one, found.at, whole=True))
        needs = found.needs()
        if not json and not terminal.out().is_terminal:
            for need in needs:
                terminal.say(need.said)
        if notify:
            said = tell(opened, needs)
            if said:
                terminal.say(said)
    return 1 if needs else 0


def _watched(draw: Callable[[], RenderableType]) -> int:
    with Live(draw(), console=terminal.out(), screen=True, auto_refresh=False) as live:
        try:
            while True:
                time.sleep(_REFRESH)
                live.update(draw(), refresh=True)
        except KeyboardInterrupt:
            return 0


def page(found: Status, where: str, *, sources: bool) -> RenderableType:
    """The status as a page for a terminal."""
    parts: list[RenderableType] = ["", Text.assemble((where, "bold"), "  ", _service(found)), ""]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("site", overflow="fold")
    for name in ("today", "usual", "due"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("last", no_wrap=True)
    table.add_column("next", no_wrap=True)
    table.add_column("", overflow="fold")
    for one in found.sites:
        name, *cells = _cells(one, found.at)
        table.add_row(Text(terminal.one_line(name), style="bold"), *cells, _health(one))
        if one.backfill is not None and (sources or not one.backfill.done):
            table.add_row(Text("  backfill", style="dim"), *[""] * 5, Text(backfill_line(one.backfill)))
        if sources:
            for source in one.sources:
                table.add_row(*_source_row(source, found.at))
            if one.requisites is not None:
                due, came, size = one.requisites
                said = Text(f"{came:,} came since yesterday, {decimal(size)}")
                table.add_row(Text("  parts of pages", style="dim"), "", "", f"{due:,}", "", "", said)
    parts.append(table)
    parts += ["", _disk(found)]
    needs = found.needs()
    if needs:
        parts += ["", Text(f"{count(len(needs), 'thing')} for a person to look at", style="bold red")]
        parts += [Text(f"· {terminal.one_line(need.said)}") for need in needs[:_NEEDS]]
        if len(needs) > _NEEDS:
            parts.append(Text(f"and {len(needs) - _NEEDS} more: --json tells of all", style="dim"))
    return Padding(Group(*parts, ""), (0, 0, 0, 2), expand=False)


def _service(found: Status) -> Text:
    beaten = found.service
    if beaten is None:
        return Text("no service has run here: 'presskeep run', or cron with 'presskeep crawl --due'", style="dim")
    if beaten.get("stopped"):
        return Text(f"the service was stopped at {_minute(beaten)}", style="yellow")
    if not found.alive:
        return Text(f"the service is silent since {_minute(beaten)}", style="bold red")
    said = f"served: {count(int(beaten.get('visits', 0)), 'visit')}, {len(beaten.get('visiting', []))} under way"
    return Text(said + ("" if beaten.get("network", True) else ", the network is away"), style="green")


def _minute(beaten: Mapping[str, object]) -> str:
    return f"{str(beaten.get('at'))[:16].replace('T', ' ')} UTC"


def _cells(one: SiteStatus, now: int, *, whole: bool = False) -> tuple[str, ...]:
    """A site's cells: times of day on a terminal, whole times in a pipe, with the state of the worst source."""
    usual = "–" if one.usual is None else f"{one.usual:.0f}" if one.usual >= 9.5 else f"{one.usual:.1f}"

    def when(at: int | None) -> str:
        return (warc_date(at) if at else "") if whole else _time(at, now)

    cells = (one.site, f"{one.today:,}", usual, f"{one.due:,}", when(one.last), when(one.next))
    return (*cells, str(one.health.state)) if whole else cells


def _time(at: int | None, now: int) -> str:
    if not at:
        return "–"
    when, today = to_datetime(at), to_datetime(now)
    if abs(at - now) < 30 * 1_000_000:
        return "now"
    return f"{when:%H:%M}" if when.date() == today.date() else f"{when:%d %b %H:%M}"


def _health(one: SiteStatus) -> Text:
    health = one.health
    said = f"{health.state}: {health.reason}" if health.reason else str(health.state)
    if one.problem:
        said = f"{said}; {one.problem}" if health.state != "ok" else one.problem
    shown = Text(terminal.one_line(said), style="yellow" if one.problem and health.state == "ok" else "")
    shown.stylize(_STYLES.get(str(health.state), ""), 0, len(str(health.state)))
    return shown


def _source_row(source: SourceStatus, now: int) -> tuple[RenderableType, ...]:
    said = str(source.health.state) + (f": {source.health.reason}" if source.health.reason else "")
    name = terminal.one_line(f"  {source.kind} {source.url}" if source.url != source.kind else f"  {source.kind}")
    times = (_time(source.last, now), _time(source.next, now))
    shown = Text(terminal.one_line(said))
    shown.stylize(_STYLES.get(str(source.health.state), ""), 0, len(str(source.health.state)))
    return (Text(name, style="dim"), "", "", "", *times, shown)


def backfill_line(one: Backfilled) -> str:
    """How a backfill stands, in a line."""
    since = f"since {to_datetime(one.since):%Y-%m-%d}"
    if one.done:
        return f"{since}: done, {one.captured:,} captured"
    return f"{since}: {one.captured:,} captured, {one.left:,} left, {count(one.unwalked, 'listing')} to walk"


def _disk(found: Status) -> Text:
    disk = found.disk
    said = f"{decimal(disk.warc)} in warc/, {decimal(disk.free)} free"
    if disk.daily is not None and disk.days is not None:
        said += f"; {decimal(round(disk.daily))} a day: full in {disk.days:,.0f} days"
    return Text(said, style="dim")


def document(found: Status) -> dict[str, object]:
    """The status as JSON."""

    def date(at: int | None) -> str | None:
        return warc_date(at) if at else None

    return {
        "at": warc_date(found.at),
        "service": found.service,
        "alive": found.alive,
        "disk": {
            **{"warc_bytes": found.disk.warc, "free_bytes": found.disk.free},
            "bytes_a_day": None if found.disk.daily is None else round(found.disk.daily),
            "days_left": None if found.disk.days is None else round(found.disk.days, 1),
        },
        "needs": [need.said for need in found.needs()],
        "sites": [
            {
                "site": one.site,
                "last": date(one.last),
                "next": date(one.next),
                "next_allowed": date(one.allowed),
                "today": one.today,
                "usual": None if one.usual is None else round(one.usual, 2),
                "due": one.due,
                "failed": one.failed,
                "watched": one.watched,
                "requisites": None
                if one.requisites is None
                else dict(zip(("due", "lately", "bytes_lately"), one.requisites, strict=True)),
                "problem": one.problem,
                "health": str(one.health.state),
                "layout": None
                if one.layout is None
                else {
                    "pages": one.layout.pages,
                    "elsewhere": one.layout.elsewhere,
                    "drifted": one.layout.has_drifted,
                },
                "backfill": backfilled_json(one.backfill) or None,
                "sources": [
                    {
                        "kind": source.kind,
                        "url": source.url,
                        "last": date(source.last),
                        "next": date(source.next),
                        "health": str(source.health.state),
                        "since": date(source.health.since),
                        "reason": source.health.reason,
                    }
                    for source in one.sources
                ],
            }
            for one in found.sites
        ],
    }
