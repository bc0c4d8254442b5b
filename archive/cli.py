"""The archive's command line: its verbs, and the root that other verbs can be mounted on."""

from __future__ import annotations

from typing import Annotated

import typer

from archive import terminal
from archive.verbs.mounted import VERBS, Ordered, Verb

URL = "https://example-news.org/2026/11/24/bridge-reopens"
app = typer.Typer(
    name="presskeep",
    cls=Ordered,
    invoke_without_command=True,
    epilog="Begin with: presskeep init NEWS, or see it all done: presskeep demo. Each verb's --help has an example; "
    "docs/commands.md tells it all.",
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


VERBS |= {
    "init": Verb("archive.verbs.making:init", "presskeep init NEWS --contact you@example.org"),
    "import": Verb(
        "archive.verbs.importing:import_",
        "presskeep import CC-NEWS-*.warc.gz --by-host",
        "presskeep import crawls/ --site example-news.org",
    ),
    "attach": Verb(
        "archive.verbs.importing:attach",
        "presskeep attach /mnt/crawls --host example-news.org --mime text/html",
        "presskeep attach https://crawls.example.org/news/ --cdxj index.cdxj",
    ),
    "detach": Verb("archive.verbs.importing:detach", "presskeep detach /mnt/crawls"),
    "list": Verb(
        "archive.verbs.listing:list_",
        "presskeep list --site example-news.org --since 2026-11-01",
        "presskeep list --search 'harbour bridge'",
        "presskeep list --verdict all --json",
    ),
    "show": Verb(
        "archive.verbs.showing:show",
        f"presskeep show {URL}",
        f"presskeep show {URL} --at 2026-11-25 --text",
        f"presskeep show {URL} --ledger",
    ),
    "explain": Verb(
        "archive.verbs.explaining:explain",
        f"presskeep explain {URL} --html bridge.html",
        "presskeep explain page.html --url https://example-news.org/2026/11/24/bridge-reopens",
    ),
    "captures": Verb("archive.verbs.timeline:captures", f"presskeep captures {URL}"),
    "diff": Verb(
        "archive.verbs.differing:diff",
        f"presskeep diff {URL}",
        f"presskeep diff {URL} 1 3",
        f"presskeep diff {URL} --all",
    ),
    "edits": Verb(
        "archive.verbs.editing:edits_",
        "presskeep edits --since 7d --silent",
        "presskeep edits --site example-news.org --kind headline --atom edits.atom",
    ),
    "runs": Verb("archive.verbs.runs:runs", "presskeep runs --limit 5", "presskeep runs 3f2a9c01 --json"),
    "export": Verb(
        "archive.verbs.exporting:export_",
        "presskeep export jsonl articles.jsonl --published-since 2026-11-01",
        "presskeep export csv - --site example-news.org --editions all | head",
    ),
    "index": Verb("archive.verbs.sharing:index", "presskeep index --cdxj index.cdxj"),
    "pack": Verb(
        "archive.verbs.sharing:pack",
        "presskeep pack news.wacz",
        "presskeep pack bridge.wacz --site example-news.org --since 2026-11-24",
    ),
    "serve": Verb(
        "archive.verbs.serving:serve",
        "presskeep serve --open",
        "presskeep serve --host 0.0.0.0 --public https://archive.example.org",
    ),
    "viewer": Verb("archive.verbs.viewing:viewer", "presskeep viewer install"),
    "prove": Verb("archive.verbs.proving:prove", f"presskeep prove {URL}"),
    "verify": Verb("archive.verbs.verifying:verify", "presskeep verify", "presskeep verify --deep --json"),
    "repair": Verb("archive.verbs.repairing:repair", "presskeep repair --dry-run", "presskeep repair"),
    "lint": Verb("archive.verbs.linting:lint", "presskeep lint warc/2026/11/*.warc.gz", "presskeep lint --rules"),
    "takedown": Verb(
        "archive.verbs.removing:takedown",
        f"presskeep takedown {URL} --reason 'court order 12/2026'",
        f"presskeep takedown {URL} --purge --reason 'court order 12/2026'",
        "presskeep takedown --list",
    ),
    "clean": Verb("archive.verbs.keeping:clean", "presskeep clean", "presskeep clean --all"),
    "clean-warc": Verb(
        "archive.verbs.bulk:clean_warc",
        "presskeep clean-warc CC-NEWS-*.warc.gz --out texts",
        "presskeep clean-warc --files-from warcs.txt --out texts --shard 17/256 --json",
    ),
    "changes": Verb(
        "archive.verbs.changing:changes_",
        "presskeep changes --sample 300",
        "presskeep changes 0.1.0+f4cb 0.1.0+91aa --site example-news.org",
    ),
    "profile": Verb(
        "archive.verbs.profiling:profile",
        "presskeep profile example-news.org",
        "presskeep profile example-news.org --activate",
        "presskeep profile example-news.org --check",
    ),
    "rebuild": Verb("archive.verbs.keeping:rebuild", "presskeep rebuild"),
}


if __name__ == "__main__":
    terminal.main(app)
