"""``presskeep coverage``: what was announced, day by day, and what the archive has of it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from archive import clock, terminal
from archive.durable import storage, written
from archive.errors import UsageError
from archive.verbs.entries import open_archive
from archive.verbs.options import ArchiveOption, JsonOption
from archive.verbs.typeset import moment

if TYPE_CHECKING:
    from crawler.tally import Day, Days, SiteCoverage

_SHADES = ("· ", "░░", "▒▒", "▓▓", "██")
_NAMES = ("Mon", "", "Wed", "", "Fri", "", "Sun")
_BEFORE = 6  # cells left of a calendar, its margin among them


def coverage(
    sites: Annotated[list[str] | None, typer.Argument(metavar="SITE", help="Only these.", show_default=False)] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DAY", help="The first day (UTC).", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DAY", help="The last day (UTC).", show_default=False)
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a calendar as one HTML file.", show_default=False),
    ] = None,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Show by source and day what was announced, and what became of it.

    Captured, cleaned, refused, failed, never asked for; outages, estimated losses, and the delay of captures.
    """
    first, last = _day(since, "--since"), _day(until, "--until")
    if first is not None and last is not None and first > last:
        raise UsageError(f"--since {since} is later than --until {until}: no day lies between them")
    from crawler import coverage as reading  # noqa: PLC0415 - help needs neither SQL nor the parsers
    from crawler.heatmap import html as drawn  # noqa: PLC0415

    with open_archive(archive) as opened:
        with terminal.reported() as report:
            found = reading.coverage(opened, sites or (), since=first, until=last, progress=report)
        if html is not None:
            text = drawn(found, opened.configuration.name, f"Made {moment(clock.now())}")
            with storage(str(html)):
                written(html, [text.encode("utf-8", "replace")])
            terminal.say(f"{html} shows it: open it in a browser")
    if not found:
        terminal.say("the archive is empty: run 'presskeep crawl' first")
    if json:
        terminal.emit(document(found))
    elif terminal.out().is_terminal and html is None:
        for site in found:
            terminal.out().print(page(site, terminal.out().width))
    elif html is None:
        for site in found:
            _rows(site)


def _day(given: str | None, option: str) -> datetime.date | None:
    try:
        return None if given is None else datetime.date.fromisoformat(given)
    except ValueError as error:
        raise UsageError(f"{option} takes a day such as 2026-11-24, not {given!r}") from error


def page(site: SiteCoverage, width: int) -> RenderableType:
    """A site as a page: its calendar of the last weeks that have room, and a table of its sources."""
    from crawler.tally import total  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("source", overflow="fold")
    for name in ("announced", "captured", "text", "refused", "failed", "never asked", "outages", "lost", "delay"):
        table.add_column(name, justify="right")
    for one in site.sources:
        table.add_row(Text(terminal.one_line(f"{one.kind} {_short(one.url, site.site)}")), *_cells(one.days))
    if site.days:
        table.add_row(Text("each item once", style="bold"), *_cells(site.days))
    said = _why(total(site.days))
    parts: list[RenderableType] = ["", Text(terminal.one_line(site.site), style="bold"), ""]
    parts += [_calendar(site.days, max(1, (width - _BEFORE - 2) // 2)), "", table]
    if said:
        parts += ["", Text(f"without text: {said}", style="dim")]
    return Padding(Group(*parts, ""), (0, 0, 0, 2), expand=False)


def _short(url: str, site: str) -> str:
    """A URL without the site's own name before it."""
    rest = url.partition("://")[2]
    return rest.removeprefix(site) if rest.startswith(f"{site}/") else url


def _cells(days: Days) -> tuple[str, ...]:
    from crawler.tally import in_words, outages, total  # noqa: PLC0415

    day = total(days)
    numbers = (day.announced, day.captured, day.cleaned, day.refused, day.failed, day.missed, outages(days), day.lost)
    return (*(f"{one:,}" for one in numbers), in_words(day.delay))


def _why(day: Day) -> str:
    from crawler.heatmap import reasons  # noqa: PLC0415

    return terminal.one_line(", ".join(reasons(day)))


def _calendar(days: Days, room: int) -> RenderableType:
    """Weeks as columns. A day is darker the more was announced; ``×`` is an outage, ``!`` something amiss."""
    from crawler.heatmap import busiest, marks, shade, weeks  # noqa: PLC0415

    if not days:
        return Text("nothing was announced in this time", style="dim")
    mondays = weeks(days)[-room:]
    most = busiest(days)
    heads = Text("    ", style="dim")
    shown, free = "", 0
    for monday in mondays:
        month = f"{min(monday + datetime.timedelta(days=6), max(days)):%b ’%y}"
        if month != shown and free <= 0:
            heads.append(f"{month} ")
            shown, free = month, 8  # cells: four weeks
        if free <= 0:
            heads.append("  ")
        free -= 2
    lines = [heads]
    for weekday, name in enumerate(_NAMES):
        line = Text(f"{name:<4}", style="dim")
        for monday in mondays:
            day = days.get(monday + datetime.timedelta(days=weekday))
            wrong = marks(day) if day is not None else []
            if day is None:
                line.append("  ")
            elif "outage" in wrong:
                line.append("× ", style="bold red")
            else:
                block = _SHADES[shade(day, most)]
                line.append(f"{block[0]}!" if wrong else block, style="yellow" if wrong else "green")
        lines.append(line)
    lines.append(
        Text("    ░ ▒ ▓ █ more announced   ! not all captured, or items may be lost   × no answer", style="dim")
    )
    return Group(*lines)


def _rows(site: SiteCoverage) -> None:
    for source in site.sources:
        for date, day in source.days.items():
            delay = "" if day.delay is None else day.delay // 1_000_000
            numbers = (day.announced, day.captured, day.cleaned, day.refused, day.failed, day.missed)
            polls = (day.polls, day.silent, day.lost, delay)
            terminal.row((site.site, source.kind, source.url, date, *numbers, *polls, _why(day)))


def document(found: list[SiteCoverage]) -> dict[str, object]:
    """The coverage as JSON."""
    return {
        "sites": [
            {
                "site": site.site,
                "days": _days(site.days),
                "sources": [{"kind": one.kind, "url": one.url, "days": _days(one.days)} for one in site.sources],
            }
            for site in found
        ]
    }


def _days(days: Days) -> list[dict[str, object]]:
    return [
        {
            **{"day": str(date), "announced": day.announced, "captured": day.captured, "cleaned": day.cleaned},
            **{"refused": day.refused, "failed": day.failed, "missed": day.missed, "reasons": dict(day.reasons)},
            **{"polls": day.polls, "silent": day.silent, "outage": day.outage, "lost": day.lost},
            "delay_s": None if day.delay is None else day.delay // 1_000_000,
        }
        for date, day in days.items()
    ]
