"""The archive's command line: its verbs, and the root that other verbs can be mounted on."""

from __future__ import annotations

from typing import Annotated

import typer
from typer.core import TyperGroup

from archive import terminal
from archive.verbs.exporting import export_
from archive.verbs.importing import attach, detach, import_
from archive.verbs.keeping import clean, rebuild
from archive.verbs.linting import lint
from archive.verbs.listing import list_
from archive.verbs.making import init
from archive.verbs.options import example
from archive.verbs.proving import prove
from archive.verbs.removing import takedown
from archive.verbs.repairing import repair
from archive.verbs.sharing import index, pack
from archive.verbs.showing import show
from archive.verbs.timeline import captures
from archive.verbs.verifying import verify

URL = "https://example-news.org/2026/11/24/bridge-reopens"
# The order of the work, which help shows: the crawler's verbs take their places in it when they are mounted.
ORDER = (
    *("init", "add", "crawl", "import", "attach", "detach", "demo", "list", "show", "captures", "export"),
    *("index", "pack"),
    *("prove", "verify", "repair", "lint", "takedown", "clean", "rebuild"),
)


class Ordered(TyperGroup):
    """The verbs in the order of the work; those that it does not know come last, by name."""

    def list_commands(self, ctx: object) -> list[str]:
        """The names of the verbs as help lists them."""
        return sorted(self.commands, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


app = typer.Typer(
    name="presskeep",
    cls=Ordered,
    invoke_without_command=True,
    epilog="Begin with: presskeep init NEWS. Each verb's --help has an example; docs/commands.md tells it all.",
)


@app.callback()
def root(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Keep news sites: their exact bytes, the clean text, and the proof that links them."""
    if version:
        from importlib.metadata import version as version_of  # noqa: PLC0415 - 40 ms that other calls need not wait

        terminal.out().print(f"presskeep {version_of('presskeep')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        terminal.out().print(context.get_help())
        raise typer.Exit(2)


app.command("init", epilog=example("presskeep init NEWS --contact you@example.org"))(init)
app.command(
    "import",
    epilog=example("presskeep import CC-NEWS-*.warc.gz --by-host", "presskeep import crawls/ --site example-news.org"),
)(import_)
app.command(
    "attach",
    epilog=example(
        "presskeep attach /mnt/crawls --host example-news.org --mime text/html",
        "presskeep attach https://crawls.example.org/news/ --cdxj index.cdxj",
    ),
)(attach)
app.command("detach", epilog=example("presskeep detach /mnt/crawls"))(detach)
app.command(
    "list",
    epilog=example("presskeep list --site example-news.org --since 2026-11-01", "presskeep list --verdict all --json"),
)(list_)
app.command("show", epilog=example(f"presskeep show {URL}", f"presskeep show {URL} --at 2026-11-25 --text"))(show)
app.command("captures", epilog=example(f"presskeep captures {URL}"))(captures)
app.command(
    "export",
    epilog=example(
        "presskeep export jsonl articles.jsonl --published-since 2026-11-01",
        "presskeep export csv - --site example-news.org --editions all | head",
    ),
)(export_)
app.command("index", epilog=example("presskeep index --cdxj index.cdxj"))(index)
app.command(
    "pack",
    epilog=example("presskeep pack news.wacz", "presskeep pack bridge.wacz --site example-news.org --since 2026-11-24"),
)(pack)
app.command("prove", epilog=example(f"presskeep prove {URL}"))(prove)
app.command("verify", epilog=example("presskeep verify", "presskeep verify --deep --json"))(verify)
app.command("repair", epilog=example("presskeep repair --dry-run", "presskeep repair"))(repair)
app.command("lint", epilog=example("presskeep lint warc/2026/11/*.warc.gz", "presskeep lint --rules"))(lint)
app.command(
    "takedown",
    epilog=example(
        f"presskeep takedown {URL} --reason 'court order 12/2026'",
        f"presskeep takedown {URL} --purge --reason 'court order 12/2026'",
        "presskeep takedown --list",
    ),
)(takedown)
app.command("clean", epilog=example("presskeep clean"))(clean)
app.command("rebuild", epilog=example("presskeep rebuild"))(rebuild)


if __name__ == "__main__":
    terminal.main(app)
