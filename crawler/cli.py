"""The ``presskeep`` command: the archive's verbs, and those that fetch."""

from __future__ import annotations

from archive import terminal
from archive.cli import app
from archive.verbs.mounted import VERBS, Verb

VERBS |= {
    "add": Verb(
        "crawler.verbs.adding:add",
        "presskeep add https://example-news.org/",
        "presskeep add example-news.org --dry-run",
    ),
    "crawl": Verb(
        "crawler.verbs.crawling:crawl",
        "presskeep crawl",
        "presskeep crawl example-news.org --limit 50",
        "presskeep crawl --due",
        "presskeep crawl example-news.org --archive --since 2022-01-01",
        alone={"--archive": "--backfill"},
    ),
    "run": Verb(
        "crawler.verbs.serving:run",
        "presskeep run",
        "presskeep run --archive /srv/news --metrics 9320",
    ),
    "watch": Verb(
        "crawler.verbs.watching:watch",
        "presskeep watch https://example-news.org/live/storm --every 15m",
        "presskeep watch https://example-news.org/live/storm --stop",
    ),
    "status": Verb("crawler.verbs.status:status", "presskeep status --watch", "presskeep status example-news.org"),
    "why": Verb("crawler.verbs.why:why", "presskeep why https://example-news.org/2026/11/24/bridge-reopens"),
    "coverage": Verb(
        "crawler.verbs.coverage:coverage",
        "presskeep coverage --html coverage.html",
        "presskeep coverage example-news.org --since 2026-11-01",
    ),
    "demo": Verb("crawler.verbs.demo:demo", "presskeep demo", "presskeep demo /tmp/demo --force"),
}


def main() -> None:
    """The program's entry point."""
    terminal.main(app)


__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
