"""``presskeep export``: articles as JSON Lines, CSV or Parquet."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.progress import Progress

from archive import terminal
from archive.article import Verdict
from archive.dataset.export import Exported, Format, export
from archive.dataset.foreign import SCHEMAS
from archive.dataset.rows import Entry
from archive.dataset.selection import Editions, Selection, is_withheld, matches
from archive.errors import ALL_WITHHELD, NotFound, UsageError
from archive.reservation import Reserved
from archive.target import STDOUT
from archive.verbs.entries import all_entries, meant, open_archive, still_to_clean
from archive.verbs.options import (
    ArchiveOption,
    CleanerOption,
    JsonOption,
    LanguagesOption,
    ReservedOption,
    SitesOption,
    UnreservedOption,
    WithheldOption,
    day,
    kinds,
    name_withheld,
    noted,
    point,
)
from archive.verbs.typeset import count
from archive.verbs.words import waits

EVERYTHING = "all"


class SchemaName(StrEnum):
    """The schemas that `archive.dataset.foreign.SCHEMAS` holds."""

    PRESSKEEP = "presskeep"
    NEWSPLEASE = "newsplease"
    TRAFILATURA = "trafilatura"


def export_(
    form: Annotated[Format, typer.Argument(metavar="FORMAT", help="jsonl, csv or parquet.", show_default=False)],
    out: Annotated[
        str, typer.Argument(metavar="OUT", help="The file to write; - for standard output.", show_default=False)
    ],
    published_since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only published then or later.", show_default=False)
    ] = None,
    captured_since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only captured then or later.", show_default=False)
    ] = None,
    site: SitesOption = None,
    language: LanguagesOption = None,
    editions: Annotated[
        Editions, typer.Option(metavar="WHICH", help="Of an article that changed: first, last or all.")
    ] = Editions.LAST,
    schema: Annotated[
        SchemaName, typer.Option(metavar="NAME", help="Field names: presskeep, newsplease or trafilatura.")
    ] = SchemaName.PRESSKEEP,
    verdict: Annotated[
        list[str] | None,
        typer.Option(metavar="VERDICT", help="article (the default), teaser, …; all. Repeatable.", show_default=False),
    ] = None,
    csv_safe: Annotated[
        bool, typer.Option("--csv-safe", help="CSV for spreadsheets: nothing in it runs as a formula.")
    ] = False,
    cleaner: CleanerOption = None,
    reserved: ReservedOption = None,
    unreserved: UnreservedOption = False,
    with_withheld: WithheldOption = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Write articles as JSON Lines, CSV or Parquet.

    The file appears whole or not at all; the same archive gives the same bytes.
    """
    verdicts = noted(verdict, "--verdict", [*Verdict, EVERYTHING]) or (Verdict.ARTICLE,)
    selection = Selection(
        published_since=day(published_since, "--published-since"),
        captured_since=point(captured_since, "--captured-since"),
        sites=tuple(site or ()),
        languages=tuple(language or ()),
        editions=editions,
        verdicts=() if EVERYTHING in verdicts else tuple(one for one in Verdict if one in verdicts),
        reserved=kinds(reserved, unreserved=unreserved),
        unreserved=unreserved,
    )
    if csv_safe and form is not Format.CSV:
        raise UsageError(f"--csv-safe is for csv, and {form} needs none of it: leave it out")
    if json and out == STDOUT:
        raise UsageError("--json prints the summary where the rows go: name a file for the rows, or leave --json out")
    if form is Format.PARQUET and out == STDOUT and sys.stdout.isatty():
        raise UsageError("Parquet is no text for a terminal: name a file, or pipe it into a program")
    with open_archive(archive) as opened, terminal.progress() as bar:
        withheld = frozenset() if with_withheld else opened.configuration.reservations.withheld
        passing = _Passing(selection, withheld)
        entries = passing.through(_counted(all_entries(opened, selection, meant(opened, cleaner)), bar))
        if waiting := still_to_clean(opened):
            terminal.say(waits(waiting))
        try:
            done = export(
                entries, out, form, selection=selection, schema=SCHEMAS[schema], csv_safe=csv_safe, require_rows=True
            )
        except NotFound as error:
            raise NotFound(ALL_WITHHELD) if passing.withheld else error from None
    name_withheld(passing.withheld)
    _summarise(done, waiting, passing.withheld, json=json)


class _Passing:
    """What is not withheld goes through; what would have been chosen but for that is counted."""

    def __init__(self, selection: Selection, kinds: frozenset[Reserved]) -> None:
        self.withheld = 0
        self._selection = selection
        self._kinds = kinds

    def through(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries that may pass, in their order."""
        for entry in entries:
            if not is_withheld(entry, self._kinds):
                yield entry
            elif matches(entry, self._selection):
                self.withheld += 1


def _counted(entries: Iterable[Entry], bar: Progress) -> Iterator[Entry]:
    """The entries as they come, counted on the progress bar."""
    task = bar.add_task("texts read", total=None)
    for entry in entries:
        yield entry
        bar.advance(task)


def _summarise(done: Exported, waiting: int, withheld: int, *, json: bool) -> None:
    """The summary; on stderr where the rows themselves are on stdout."""
    said = f"{count(done.rows, 'row')} of the schema {done.schema}, version {done.schema_version}"
    if done.target == STDOUT:
        terminal.say(said)
    elif json:
        terminal.emit({**asdict(done), "waiting": waiting, "withheld": withheld})
    else:
        size = f", {count(done.bytes, 'byte')}" if done.bytes is not None else ""
        terminal.out().print(f"{terminal.one_line(done.target)}: {said}{size}", soft_wrap=True)
