"""``presskeep add``: look at new sites, and declare them."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, TaskID

from archive import terminal
from archive.errors import UsageError
from archive.verbs.entries import open_archive
from archive.verbs.options import ArchiveOption, JsonOption
from archive.verbs.typeset import moment
from crawler.verbs import expected, finds

if TYPE_CHECKING:
    from archive.store import Archive
    from crawler.arrivals import Arrival
    from crawler.jobs import Stop
    from crawler.newcomer import Newcomer
    from crawler.trying import Expectation


def add(
    url: Annotated[
        str | None, typer.Argument(metavar="URL", help="The site: a host name or its front page.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Sites one a line, or as OPML.", show_default=False),
    ] = None,
    try_: Annotated[
        int | None,
        typer.Option(
            "--try", metavar="N", min=1, help="Fetch N articles, and tell what to expect.", show_default=False
        ),
    ] = None,
    delay: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", min=0, help="Between two requests; written into sites.toml.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look, but write nothing into sites.toml.")] = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> int:
    """Find a site's feeds, sitemaps and front page, and declare it in sites.toml."""
    if (url is None) == (file is None):
        raise UsageError("give the address of a site, or --file with a list of them")
    with open_archive(archive) as opened:
        if file is not None:
            return _add_listed(opened, file, delay, try_, dry_run=dry_run, json=json)
        assert url is not None
        return _add_one(opened, url, delay, try_, dry_run=dry_run, json=json)


def _add_one(archive: Archive, url: str, delay: float | None, number: int | None, *, dry_run: bool, json: bool) -> int:
    from crawler.adding import append_site  # noqa: PLC0415 - help needs neither SQL nor Scrapy
    from crawler.newcomer import look_at  # noqa: PLC0415

    with _looking() as (bar, task):

        def asked(address: str) -> None:
            bar.update(task, advance=1, description=terminal.shorten(terminal.one_line(address), 60))

        found = look_at(archive, url, delay, asked, again=dry_run)
    if not dry_run:
        append_site(archive.sites_path, found.site, found.notes, found.heading)
    if not json:
        finds.print_found(found)
    tried, stopped = _tried(archive, [found], number)
    if json:
        document = finds.document(archive, found, written=not dry_run)
        terminal.emit({**document, "expected": expected.document(tried[0]) if tried else None})
        return terminal.INTERRUPTED if stopped else 0
    if number is not None:
        expected.print_expected(tried)
    if dry_run:
        terminal.say(f"nothing was written; without --dry-run, it goes into {archive.sites_path}")
    else:
        terminal.say(f"written into {archive.sites_path}")
        terminal.say(f"next: presskeep crawl {found.site.host}")
    return terminal.INTERRUPTED if stopped else 0


def _add_listed(
    archive: Archive, file: Path, delay: float | None, number: int | None, *, dry_run: bool, json: bool
) -> int:
    from crawler.arrivals import read_list, welcome  # noqa: PLC0415
    from crawler.crawling import stopping  # noqa: PLC0415

    listed = read_list(file)
    arrivals: list[Arrival] = []
    with stopping() as stop, _looking(len(listed)) as (bar, task):
        for one in welcome(archive, listed, delay, write=not dry_run, stop=stop):
            arrivals.append(one)
            bar.update(task, advance=1, description=terminal.shorten(terminal.one_line(one.listed.given), 60))
            if not json:
                _print_arrival(one)
        stopped = any(one.outcome == "stopped" for one in arrivals)
    found = [one.found for one in arrivals if one.found is not None]
    tried, stopped_trying = _tried(archive, [] if stopped else found, number)
    counted = Counter(str(one.outcome) for one in arrivals)
    if json:
        terminal.emit(_listed_document(archive, file, arrivals, tried, written=not dry_run))
    else:
        if number is not None and tried:
            expected.print_expected(tried)
        terminal.say(", ".join(f"{number:,} {_WORDS[name]}" for name, number in sorted(counted.items())))
        if dry_run:
            terminal.say(f"nothing was written; without --dry-run, they go into {archive.sites_path}")
        elif counted["added"]:
            terminal.say(f"written into {archive.sites_path}")
            terminal.say("next: presskeep crawl")
        if stopped:
            terminal.say("the same call goes on where this one stopped: what is declared is passed over")
    if stopped or stopped_trying:
        return terminal.INTERRUPTED
    return 1 if counted["failed"] else 0


_WORDS = {
    "added": "added",
    "found": "found",
    "declared": "declared already",
    "failed": "failed",
    "stopped": "not looked at any more",
}


def _print_arrival(one: Arrival) -> None:
    """A line for each site of a list, as soon as it is known: fields separated by tabs into a pipe."""
    console = terminal.out()
    site = one.found.site.host if one.found else one.listed.given
    sources = one.found.sources if one.found else ()
    newest = max((source.newest for source in sources if source.newest is not None), default=None)
    when = moment(newest) if newest is not None else ""
    if not console.is_terminal:
        items = sum(source.items for source in sources)
        terminal.row((site, one.outcome, len(sources), items, when, one.error or ""))
    elif one.found:
        kinds = ", ".join(f"{source.form} ({source.items:,})" for source in sources[:4])
        more = f", {len(sources) - 4} more" if len(sources) > 4 else ""
        terminal.put(f"  {terminal.one_line(site)}: {kinds}{more}{f'; newest {when[:16]}' if when else ''}")
    else:
        terminal.say(f"{terminal.one_line(site)}: {_WORDS[one.outcome]}{f': {one.error}' if one.error else ''}")


def _listed_document(
    archive: Archive, file: Path, arrivals: Sequence[Arrival], tried: Sequence[Expectation], *, written: bool
) -> dict[str, object]:
    known = {one.site: one for one in tried}
    counted = Counter(str(one.outcome) for one in arrivals)
    return {
        "file": str(file),
        "counts": {name: counted[name] for name in _WORDS},
        "sites_toml": str(archive.sites_path),
        "sites": [
            {
                "given": one.listed.given,
                "outcome": one.outcome,
                "error": one.error,
                **(
                    {
                        **finds.document(archive, one.found, written=written),
                        "expected": expected.document(known[one.found.site.host])
                        if one.found.site.host in known
                        else None,
                    }
                    if one.found
                    else {}
                ),
            }
            for one in arrivals
        ],
    }


@contextlib.contextmanager
def _looking(total: int | None = None) -> Iterator[tuple[Progress, TaskID]]:
    with terminal.progress() as bar:
        yield bar, bar.add_task("looking", total=total)


def _tried(archive: Archive, found: Sequence[Newcomer], number: int | None) -> tuple[tuple[Expectation, ...], bool]:
    """What a trial says, and whether it was stopped."""
    if number is None or not found:
        return (), False
    from crawler.crawling import stopping  # noqa: PLC0415
    from crawler.trying import try_articles  # noqa: PLC0415
    from crawler.verbs.crawling import shown  # noqa: PLC0415

    stop: Stop
    with stopping() as stop, shown([one.site.host for one in found]) as listener:
        tried = try_articles(archive, found, number, listener=listener, stop=stop)
        return tried, stop.asked.is_set()
