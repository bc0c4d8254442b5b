"""Finds: what ``presskeep add`` found of a site, for people and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.verbs.typeset import count, moment

if TYPE_CHECKING:
    from archive.store import Archive
    from crawler.discovery import FoundSource, Rejected
    from crawler.newcomer import Newcomer


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
    if found.declared is not None:
        for line in differences(found):
            say(line)


def differences(found: Newcomer) -> Iterator[str]:
    """How what was found differs from the declaration that there is already, in words."""
    declared, new, gone = compare(found)
    yield f"{found.site.host} is declared already, with {count(declared, 'source')}"
    if declared:
        for url in new:
            yield f"found, and not declared: {terminal.one_line(url)}"
        for url in gone:
            yield f"declared, and not found: {terminal.one_line(url)}"


def compare(found: Newcomer) -> tuple[int, list[str], list[str]]:
    """How many sources are declared, which found ones are not, and which declared ones were not found."""
    from archive.url import normalise  # noqa: PLC0415 - help needs none of it

    declared = {normalise(one.url): one.url for one in found.declared.sources} if found.declared else {}
    seen = {normalise(one.url): one.url for one in found.sources}
    # What says nothing new was found all the same.
    known = seen.keys() | {normalise(one.candidate.url) for one in found.probed.chosen.dropped}
    new = [url for key, url in seen.items() if key not in declared]
    return len(declared), new, [url for key, url in declared.items() if key not in known]


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
    guesses = [f"{count(number, 'guess')} ({why})" for why, number in counted.most_common()]
    return "; ".join([*named[:5], *([f"{len(named) - 5} more"] if len(named) > 5 else []), *guesses[:4]])


def document(archive: Archive, found: Newcomer, *, written: bool) -> dict[str, object]:
    """What was found, as JSON."""
    from archive.clock import warc_date  # noqa: PLC0415

    chosen = found.probed.chosen
    _, new, gone = compare(found)
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
                "shared": chosen.shared.get(one.url, {}),
                "why": one.candidate.why,
            }
            for one in found.sources
        ],
        "left_out": [{"url": one.candidate.url, "reason": one.reason} for one in found.left_out],
        "declared": found.declared is not None,
        "new": new if found.declared else None,
        "gone": gone if found.declared else None,
        "sites_toml": str(archive.sites_path),
        "written": written,
    }
