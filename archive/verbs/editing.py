"""``presskeep edits``: what publishers changed, the newest first; as a list, JSON lines, a feed or a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.clock import to_datetime, warc_date
from archive.errors import UsageError
from archive.target import STDOUT, open_target
from archive.verbs.entries import meant, open_archive, require_sites, still_to_clean
from archive.verbs.options import (
    ArchiveOption,
    CleanerOption,
    JsonOption,
    SitesOption,
    WithheldOption,
    name_withheld,
    noted,
    since_point,
)
from archive.verbs.typeset import count
from archive.verbs.words import waits

if TYPE_CHECKING:
    from archive.editing.archived import Asked
    from archive.editing.choosing import Choice
    from archive.editing.edit import Edit
    from archive.store import Archive

_TIME = 16  # cells
_FEED, _PAGE = 100, 1_000  # edits of a file, where nobody says how many
_MOST = 10_000  # characters of a foreign text that are looked at: hostile ones have megabytes


def edits_(
    site: SitesOption = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Seen in the last 7d, 12h, …, or since a date.", show_default=False),
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="WHEN", help="Seen before that.", show_default=False)] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="headline, body, added, removed, reworded, correction, deleted, …: docs/edits.md. Repeatable.",
            show_default=False,
        ),
    ] = None,
    silent: Annotated[bool, typer.Option("--silent", help="Only those of which the page says nothing.")] = False,
    tests: Annotated[
        bool, typer.Option("--tests", help="Only headline tests (A, B, A), which are left out otherwise.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only the newest N.", show_default=False)
    ] = None,
    atom: Annotated[
        str | None,
        typer.Option("--atom", metavar="FILE", help="Write an Atom feed; - for standard output.", show_default=False),
    ] = None,
    html: Annotated[
        str | None,
        typer.Option("--html", metavar="FILE", help="Write one HTML page; - for standard output.", show_default=False),
    ] = None,
    with_withheld: WithheldOption = False,
    cleaner: CleanerOption = None,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """List what publishers changed in stories that were out.

    The newest come first. Headline tests, typography and paywalls are left out unless they are asked for.
    """
    if sum((json, atom is not None, html is not None)) > 1:
        raise UsageError("--json, --atom and --html exclude each other: choose one")
    if tests and silent:
        raise UsageError("a headline test is no silent edit: give --tests or --silent")
    begin, end = since_point(since, "--since"), since_point(until, "--until")
    from archive.editing.archived import Asked  # noqa: PLC0415 - SQL takes 0.3 s to import
    from archive.editing.choosing import WORDS, Choice  # noqa: PLC0415 - the same
    from archive.editing.feed import feed  # noqa: PLC0415 - the same
    from archive.editing.page import page  # noqa: PLC0415 - the same

    choice = Choice.of(noted(kind, "--kind", WORDS), silent=silent, tests=tests)
    with open_archive(archive) as opened:
        require_sites(opened, site or ())
        handed_on = atom is not None or html is not None
        asked = Asked(
            since=begin,
            until=end,
            sites=tuple(site or ()),
            cleaner=meant(opened, cleaner),
            beside=choice.beside,
            withheld=opened.configuration.reservations.withheld if handed_on and not with_withheld else frozenset(),
        )
        told = _Told(opened, asked, choice)
        about = _about(asked.sites, kind or (), silent=silent, tests=tests)
        name = opened.configuration.name
        if atom is not None:
            limit = limit or _FEED
            _write(told, atom, feed(told.edits(limit), archive=opened.configuration.id, name=name, about=about))
        elif html is not None:
            limit = limit or _PAGE
            _write(told, html, page(told.edits(limit), name=name, about=about))
        else:
            _print(told, limit, json=json)
        waiting = still_to_clean(opened)
    for line in told.remarks(limit, narrowed=any((site, since, until, kind, silent, tests)), waiting=bool(waiting)):
        terminal.say(line)
    name_withheld(told.withheld)
    if waiting:
        terminal.say(waits(waiting))


class _Told:
    """The edits as they are read, and what is to be said of the others afterwards."""

    def __init__(self, archive: Archive, asked: Asked, choice: Choice) -> None:
        self.archive = archive
        self.shown = 0
        self._asked = asked
        self._choice = choice
        self._others: Counter[str] = Counter()
        self._withheld = 0

    def edits(self, limit: int | None) -> Iterator[Edit]:
        """Those that are wanted; while none comes, a progress bar shows how far it is."""
        from archive.editing.archived import edits  # noqa: PLC0415 - SQL takes 0.3 s to import
        from archive.editing.choosing import left_out_as  # noqa: PLC0415 - the same

        with terminal.waiting() as bar:
            for edit in edits(self.archive, self._asked, bar.report, self._withhold):
                if not self._choice.takes(edit):
                    self._others[left_out_as(edit)] += not edit.counts
                    continue
                self.shown += 1
                bar.rest()
                yield edit
                if self.shown == limit:
                    return

    def _withhold(self) -> None:
        self._withheld += 1

    def remarks(self, limit: int | None, *, narrowed: bool, waiting: bool) -> Iterator[str]:
        """What is to be said: how many there are, and what was left out."""
        if self.shown == limit:
            yield f"the newest {count(self.shown, 'edit')}: --limit shows more"
        elif self.shown:
            yield count(self.shown, "edit")
        elif narrowed:
            yield "no edits: the filters leave nothing"
        elif waiting:
            yield "no edits among the texts that there are"
        else:
            yield "no edits: no story of this archive was captured in two states yet"
        left = [f"{number:,} {others}" for others, number in sorted(self._others.items()) if others and number]
        if left and not self._choice.kinds and not self._choice.silent:
            yield f"left out: {', '.join(left)}"

    @property
    def withheld(self) -> int:
        """How many were kept back because of what they reserve."""
        return self._withheld


def _print(told: _Told, limit: int | None, *, json: bool) -> None:
    from archive.editing.document import document  # noqa: PLC0415 - help must not wait for it

    shown = terminal.out().is_terminal
    for edit in told.edits(limit):
        if json:
            terminal.emit(document(edit))
        elif shown:
            _show(edit)
        else:
            terminal.row(_cells(edit))


def _cells(edit: Edit) -> tuple[object, ...]:
    """A line in a pipe: when it was seen, kinds, manner, words that came and went, headline, address."""
    from archive.editing.wording import title_of  # noqa: PLC0415 - the same

    manner = "silent" if edit.silent else "test" if edit.test else ""
    kinds = ",".join(str(kind) for kind in edit.kinds)
    words = edit.comparison.words_added, edit.comparison.words_removed
    return (warc_date(edit.new.at), kinds, manner, *words, title_of(edit)[:_MOST], edit.url)


def _show(edit: Edit) -> None:
    from archive.editing.wording import kinds_said, size_said, title_of  # noqa: PLC0415 - the same

    console = terminal.out()
    left = console.width - _TIME - 2
    before = edit.old.headline if edit.new.headline and edit.old.headline != edit.new.headline else None
    lines = [Text(terminal.shorten(terminal.one_line(title_of(edit)[:_MOST]), left * 2), style="bold")]
    if before:
        was = terminal.shorten(terminal.one_line(before[:_MOST]), left * 2 - 5)
        lines.append(Text.assemble(("was: ", "dim"), (was, "red")))
    said = Text(" · ".join(filter(None, (*kinds_said(edit), size_said(edit)))))
    if edit.silent:
        said.append(" · ").append("silent", style="bold yellow")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=_TIME, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(f"{to_datetime(edit.new.at):%Y-%m-%d %H:%M}", style="dim"), Group(*lines, said))
    console.print(grid)
    # Below, on a line that only the terminal wraps: so it can be copied whole, as `diff` asks for it.
    url = Text(" " * (_TIME + 2) + terminal.one_line(edit.url[:_MOST]), style="dim")
    console.print(url, soft_wrap=True)


def _write(told: _Told, target: str, pieces: Iterable[str]) -> None:
    with open_target(target) as out:
        for piece in pieces:
            out.write(piece.encode("utf-8", "replace"))
    if target != STDOUT:
        terminal.out().print(f"{terminal.one_line(target)}: {count(told.shown, 'edit')}", soft_wrap=True)


def _about(sites: Sequence[str], kinds: Sequence[str], *, silent: bool, tests: bool) -> str:
    """What of an archive a file is about."""
    words = [*(["silent ones"] if silent else []), *(["headline tests"] if tests else []), *kinds]
    return " · ".join((*sites, *words))
