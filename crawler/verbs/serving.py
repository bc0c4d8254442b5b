"""``presskeep run``: crawl what is due, and clean it, for as long as it is left running."""

from __future__ import annotations

from typing import Annotated

import typer

from archive import terminal
from archive.verbs.entries import open_archive
from archive.verbs.options import ArchiveOption, JsonOption


def run(
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="[HOST:]PORT",
            envvar="PRESSKEEP_METRICS",
            help="Also answer Prometheus there, under /metrics; without a host on loopback alone.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> int:
    """Crawl what is due by the schedule, and clean it, until Ctrl-C or SIGTERM.

    One process an archive. sites.toml may be edited while it runs. What it does is told on stderr and kept in logs/;
    heartbeat.json says that it lives. docs/service.md has a systemd unit and a container file.
    """
    from crawler.crawling import stopping  # noqa: PLC0415 - help needs neither SQL nor Scrapy
    from crawler.logs import set_up, tear_down  # noqa: PLC0415
    from crawler.metrics import parse_address  # noqa: PLC0415
    from crawler.service import run_service  # noqa: PLC0415

    address = parse_address(metrics) if metrics is not None else None
    with open_archive(archive) as opened, stopping() as stop:
        set_up(opened.path, objects=json)
        try:
            run_service(opened, stop, address)
        finally:
            tear_down()
    return terminal.INTERRUPTED if stop.urgent.is_set() else 0
