"""``presskeep watch``: follow a page for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from archive import terminal
from archive.errors import UsageError
from archive.verbs.entries import open_archive
from archive.verbs.options import ArchiveOption, JsonOption

if TYPE_CHECKING:
    from archive.store import Archive


def watch(
    url: Annotated[
        str | None, typer.Argument(metavar="URL", help="The page; without one, all that are followed are listed.")
    ] = None,
    every: Annotated[
        str, typer.Option(metavar="TIME", help='How often: 15m, 1h, 2d, or a cron expression in UTC ("0 6-22 * * *").')
    ] = "1h",
    stop: Annotated[bool, typer.Option("--stop", help="Follow it no longer; what was captured stays.")] = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> int:
    """Follow a page for good, at fixed times, whatever becomes of it.

    It is written into sites.toml. 'presskeep run' and 'presskeep crawl --due' look at it when it is time, and keep what
    they see.
    """
    from crawler.watching import unwatch  # noqa: PLC0415 - help needs no pydantic
    from crawler.watching import watch as follow  # noqa: PLC0415

    with open_archive(archive) as opened:
        if url is None:
            if stop:
                raise UsageError("--stop needs the page's address: 'presskeep watch' lists what is followed")
            return _listed(opened, json=json)
        if stop:
            ended = unwatch(opened.sites_path, url)
            if json:
                terminal.emit({"url": ended, "watched": False})
            else:
                terminal.say(f"{ended} is not followed any more; its captures stay")
            return 0
        site = follow(opened.sites_path, url, every)
        if json:
            terminal.emit({"url": url, "site": site, "every": every, "watched": True})
        else:
            terminal.say(f"{url} is followed, every {every}, as a page of {site} in {opened.sites_path}")
            terminal.say("next: 'presskeep run' looks at it when it is time, or let cron call 'presskeep crawl --due'")
    return 0


def _listed(archive: Archive, *, json: bool) -> int:
    from archive.clock import to_datetime, warc_date  # noqa: PLC0415
    from crawler.frontier import Frontier  # noqa: PLC0415
    from crawler.sites import read_sites  # noqa: PLC0415
    from crawler.state import State  # noqa: PLC0415

    sites = read_sites(archive.sites_path) if archive.sites_path.exists() else ()
    rows: list[tuple[str, str, str, int | None, int | None]] = []
    with State(archive.state_path) as state:
        frontier = Frontier(state)
        for site in sites:
            rows += [(one.url, site.host, one.every, *frontier.times(site.host, one.url)) for one in site.watch]
    if json:
        terminal.emit(
            [
                {
                    **{"url": url, "site": host, "every": every},
                    "last": None if last is None else warc_date(last),
                    "next": None if following is None else warc_date(following),
                }
                for url, host, every, last, following in rows
            ]
        )
        return 0
    for url, _, every, last, following in rows:
        times = (f"{to_datetime(at):%Y-%m-%d %H:%M}" if at else "–" for at in (last, following))
        terminal.row((url, every, *times))
    if not rows:
        terminal.say("no page is followed: 'presskeep watch URL --every 1h' begins")
    return 0
