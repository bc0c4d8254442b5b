"""The ``presskeep`` command: the archive's verbs, and those that fetch."""

from __future__ import annotations

from archive import terminal
from archive.cli import app
from archive.verbs.options import example
from crawler.verbs.adding import add
from crawler.verbs.crawling import crawl
from crawler.verbs.demo import demo

app.command(
    "add", epilog=example("presskeep add https://example-news.org/", "presskeep add example-news.org --dry-run")
)(add)
app.command(
    "crawl", epilog=example("presskeep crawl", "presskeep crawl example-news.org --limit 50", "presskeep crawl --due")
)(crawl)
app.command("demo", epilog=example("presskeep demo", "presskeep demo /tmp/demo --force"))(demo)


def main() -> None:
    """The program's entry point."""
    terminal.main(app)


__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
