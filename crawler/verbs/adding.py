"""``presskeep add``: look at a new site, and declare it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.entries import open_archive
from archive.typeset import count, moment
from archive.verbs.options import ArchiveOption, JsonOption

if TYPE_CHECKING:
    from archive.store import Archive
    from crawler.discovery import FoundSource, Rejected
    from crawler.newcomer import Newcomer


def add(
    url: Annotated[
        str, typer.Argument(metavar="URL", help="The site: a host name or its front page.", show_default=False)
    ],
    delay: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", min=0, help="Between two requests; written into sites.toml.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look, but write nothing into sites.toml.")] = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Find a site's feeds, sitemaps and front page, and declare it in sites.toml."""
    from crawler.adding import append_site  # noqa: PLC0415 - help needs neither SQL nor Scrapy
    from crawler.newcomer import look_at  # noqa: PLC0415

    with open_archive(archive) as opened:
        with terminal.progress() as bar:
            task = bar.add_task("looking", total=None)

            def asked(address: str) -> None:
                bar.update(task, advance=1, description=terminal.shorten(terminal.one_line(address), 60))

            found = look_at(opened, url, delay, asked)
        if not dry_run:
            append_site(opened.sites_path, found.site, found.notes, found.heading)
        if json:
            terminal.emit(document(opened, found, written=not dry_run))
            return
        print_found(found)
        if dry_run:
            terminal.say(f"nothing was written; without --dry-run, it goes into {opened.sites_path}")
        else:
            terminal.say(f"written into {opened.sites_path}")
            terminal.say(f"next: presskeep crawl {found.site.host}")


def print_found(found: Newcomer, say: Callable[[str], None] = terminal.say) -> None:
    """What was found: the sources as a table on stdout, the rest as remarks."""
    if found.moved_from:
        say(f"{found.moved_from} leads to {found.site.host}: that is what is declared")
    console = terminal.out()
    chosen = found.probed.chosen
    if console.is_terminal:
        print_sources(console, found.sources, chosen.overlap)
    else:
        for one in found.sources:
            newest = moment(one.newest) if one.newest is not None else ""
            terminal.row((one.kind, one.url, one.items, newest, chosen.overlap.get(one.url, 0)))
    if found.left_out:
        say(f"not taken: {_summed(found.left_out)}")


def print_sources(console: Console, sources: Sequence[FoundSource], overlap: Mapping[str, int]) -> None:
    """A table of the sources. Where it is too wide for the terminal, each URL has a line of its own, to be copied."""
    table = _table(sources, overlap, urls=True)
    if console.measure(table, options=console.options.update(width=terminal.PLAIN_WIDTH)).maximum <= console.width - 2:
        console.print(Padding(table, (0, 0, 0, 2), expand=False))
        return
    above = console.render_lines(_table(sources, overlap, urls=False), pad=False)
    for at, line in enumerate(above):
        console.print(Segments([Segment("  "), *line, Segment.line()]), end="", soft_wrap=True)
        if at:  # below the header
            console.print(Text(f"    {terminal.one_line(sources[at - 1].url)}", style="dim"), soft_wrap=True)


def _table(sources: Sequence[FoundSource], overlap: Mapping[str, int], *, urls: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("source", no_wrap=True)
    table.add_column("items", justify="right", no_wrap=True)
    table.add_column("elsewhere too", justify="right", no_wrap=True)
    table.add_column("newest", no_wrap=True)
    if urls:
        table.add_column("URL", no_wrap=True)
    for one in sources:
        newest = moment(one.newest)[:16] if one.newest is not None else "–"
        twice = overlap.get(one.url, 0)
        numbers = (f"{one.items:,}", f"{twice:,}" if twice else "–", newest)
        table.add_row(Text(one.form, style="bold"), *numbers, *([Text(terminal.one_line(one.url))] if urls else []))
    return table


def _summed(rejected: Sequence[Rejected]) -> str:
    """Rejected candidates by reason; those that the site names itself are named here, too."""
    counted = Counter(one.reason for one in rejected if not one.candidate.named)
    named = [f"{terminal.one_line(one.candidate.url)} ({one.reason})" for one in rejected if one.candidate.named]
    guesses = [
        f"{count(number, 'guess').replace('guesss', 'guesses')} ({why})" for why, number in counted.most_common()
    ]
    return "; ".join([*named[:5], *([f"{len(named) - 5} more"] if len(named) > 5 else []), *guesses[:4]])


def document(archive: Archive, found: Newcomer, *, written: bool) -> dict[str, object]:
    """What was found, as JSON."""
    from archive.clock import warc_date  # noqa: PLC0415

    chosen = found.probed.chosen
    return {
        "site": found.site.host,
        "start": found.site.starts[0],
        "moved_from": found.moved_from,
        "title": found.probed.title,
        "language": found.site.language,
        "sources": [
            {
                "kind": str(one.kind),
                "form": one.form,
                "url": one.url,
                "items": one.items,
                "newest": warc_date(one.newest) if one.newest is not None else None,
                "overlap": chosen.overlap.get(one.url, 0),
            }
            for one in found.sources
        ],
        "left_out": [{"url": one.candidate.url, "reason": one.reason} for one in found.left_out],
        "sites_toml": str(archive.sites_path),
        "written": written,
    }
