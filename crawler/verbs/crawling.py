"""``presskeep crawl``: fetch what is new, keep it, clean it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.padding import Padding
from rich.progress import Progress as Bar
from rich.progress import TaskID
from rich.table import Table
from rich.text import Text

from archive import clock, terminal
from archive.errors import PresskeepError, UsageError
from archive.target import STDOUT
from archive.verbs.entries import open_archive
from archive.verbs.options import ArchiveOption, JsonOption, point
from archive.verbs.typeset import count
from crawler.verbs.backfilling import walk_archives
from crawler.verbs.replaying import replay as replay_sites

if TYPE_CHECKING:
    from archive.store import Archive
    from crawler.crawling import CleanProgress, CrawlResult
    from crawler.jobs import Progress, VisitProgress
    from crawler.report import SiteResult
    from crawler.room import Shortage
    from crawler.sites import Site

# More lines than this are no progress display any more: the sites are then counted in one.
_MAX_LINES = 10
_PROBLEMS = 20  # sites whose problem is told one by one


def crawl(
    sites: Annotated[
        list[str] | None,
        typer.Argument(metavar="SITE", help="Only these; else all that are enabled.", show_default=False),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="At most N articles of each site, the newest.", show_default=False),
    ] = None,
    due: Annotated[
        bool, typer.Option("--due", help="Only what is due by the schedule (docs/scheduling.md); for cron.")
    ] = False,
    backfill: Annotated[
        bool,
        typer.Option(
            "--backfill", help="Walk the sites' archives, or go on with that; --archive without a DIR says it, too."
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="What was published then or later, from the archives.", show_default=False),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="What was published before that.", show_default=False)
    ] = None,
    clean: Annotated[bool, typer.Option("--clean/--no-clean", help="Make the texts as captures come in.")] = True,
    replay: Annotated[
        bool, typer.Option("--replay", help="Run the sites' spiders over the archive; their items are JSON lines.")
    ] = False,
    at: Annotated[
        str | None, typer.Option(metavar="DATE", help="The archive as of then, for --replay.", show_default=False)
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="Where items of --replay go; '-' is stdout.", show_default=False)
    ] = None,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> int:
    """Fetch what is new on the declared sites, or what their archives hold, and make its text.

    Where the disk is full it pauses, and goes on by itself. Ctrl-C stops in order: what was fetched is kept, what was
    due stays due. A second Ctrl-C stops at once.
    """
    from crawler.crawling import crawl as run  # noqa: PLC0415 - help needs neither SQL nor Scrapy
    from crawler.crawling import stopping  # noqa: PLC0415
    from crawler.report import error_of, report  # noqa: PLC0415

    walked = _archives(since, until, backfill=backfill, due=due)
    if replay and (walked is not None or due):
        raise UsageError("--replay fetches nothing: leave out --since, --until, --backfill and --due")
    if not replay and (at is not None or out is not None):
        raise UsageError("--at and --out are about --replay, which runs the sites' spiders over the archive: add it")
    with open_archive(archive) as opened:
        chosen = choose(opened, sites or ())
        if replay:
            return replay_sites(opened, chosen, point(at, "--at"), limit=limit, out=out or STDOUT)
        if walked is not None:
            return walk_archives(opened, chosen, *walked, limit=limit, clean=clean, json=json)
        with stopping() as stop, shown([site.host for site in chosen]) as listener:
            result = run(opened, chosen, limit=limit, clean=clean, due=due, listener=listener, stop=stop)
        results = report(opened, result)
        if json:
            terminal.emit(document(opened, result, results))
        else:
            print_report(opened, result, results, limit)
    if result.stopped:
        return terminal.INTERRUPTED
    error = error_of(result)
    if error is not None:
        raise error
    if any(summary.outcome == "failed" for summary in result.summaries):
        return 1
    if results and all(one.failed_entirely for one in results):
        if json:  # else the lines of the sites say so
            which = "the site" if len(results) == 1 else f"any of the {len(results)} sites"
            terminal.say(f"nothing at all could be had of {which}: see to the network, or to 'sites' in the output")
        return 1
    return 0


def _archives(
    since: str | None, until: str | None, *, backfill: bool, due: bool
) -> tuple[int | None, int | None] | None:
    """From when to when archives are walked; None where none are. Raises UsageError."""
    if since is None and until is None and not backfill:
        return None
    if due:
        raise UsageError("--due is about what is new, and an archive about what is old: leave one of them out")
    first, last = point(since, "--since"), point(until, "--until")
    if first is None and last is not None:
        raise UsageError("--until needs --since, too: from when on, such as --since 2022-01-01")
    if first is not None and last is not None and first >= last:
        raise UsageError(f"--since {since} is not before --until {until}: nothing lies between them")
    if first is not None and first > clock.now():
        raise UsageError(f"--since {since} is still to come: an archive has what was published before")
    return first, last


def choose(archive: Archive, names: Sequence[str]) -> tuple[Site, ...]:
    """The sites that were asked for; raises UsageError where none is declared, NotFound for an unknown one."""
    from crawler.sites import read_sites  # noqa: PLC0415 - help needs no pydantic

    declared = read_sites(archive.sites_path)
    if names:
        return tuple(dict.fromkeys(declared.get(name) for name in names))
    if not declared.enabled:
        raise UsageError(f"no site is declared in {declared.path}: begin with 'presskeep add URL'")
    return declared.enabled


@contextlib.contextmanager
def shown(names: Sequence[str]) -> Iterator[Callable[[Progress | CleanProgress], None]]:
    """What the crawl reports, as progress bars on stderr: one for each site, where they are few, and one for texts."""
    from crawler.crawling import CleanProgress  # noqa: PLC0415
    from crawler.jobs import Paused, VisitProgress  # noqa: PLC0415

    with terminal.progress() as bar:
        lines = _Lines(bar, names)

        def listen(progress: Progress | CleanProgress) -> None:
            if isinstance(progress, VisitProgress):
                lines.visit(progress)
            elif isinstance(progress, CleanProgress):
                lines.texts(progress.done)
            elif isinstance(progress, Paused):
                lines.pause(progress.who, progress.shortage)

        yield listen


class _Lines:
    """The lines of the progress display."""

    def __init__(self, bar: Bar, names: Sequence[str]) -> None:
        self._bar = bar
        self._each = len(names) <= _MAX_LINES
        self._tasks: dict[str, TaskID] = {}
        if self._each:
            self._tasks = {name: bar.add_task(name, total=None) for name in names}
        else:
            self._all = bar.add_task("sites", total=len(names))
            self._fetched = bar.add_task("articles", total=None)
        self._texts: TaskID | None = None
        self._pause: TaskID | None = None
        self._paused: set[str] = set()
        self._answered: Counter[str] = Counter()
        self._finished: set[str] = set()

    def visit(self, progress: VisitProgress) -> None:
        """A site went on."""
        site, planned, answered = progress.site, progress.planned, progress.answered
        if self._each:
            if site in self._tasks:
                total = max(planned, 1) if planned is not None else None
                done = answered if not progress.finished else max(answered, 1)
                parts = f", {progress.parts:,} parts of pages" if progress.parts else ""
                self._bar.update(self._tasks[site], total=total, completed=done, description=f"{site}{parts}")
            return
        self._answered[site] = answered
        if progress.finished:
            self._finished.add(site)
        self._bar.update(self._all, completed=len(self._finished))
        self._bar.update(self._fetched, completed=self._answered.total())

    def pause(self, who: str, shortage: Shortage | None) -> None:
        """A part of the crawl pauses, or goes on: said once, and shown for as long as one of them pauses."""
        began = not self._paused
        if shortage is None:
            self._paused.discard(who)
            if not began and not self._paused and self._pause is not None:
                self._bar.remove_task(self._pause)
                self._pause = None
                self._bar.console.print("there is room again: it goes on")
            return
        self._paused.add(who)
        if began:
            self._bar.console.print(terminal.one_line(f"paused: {shortage}"))
            self._pause = self._bar.add_task("paused", total=None, size=True)
        if self._pause is not None:  # how much is free, of what is wanted
            said = "paused" if shortage.needed else f"paused ({shortage.reason})"
            total = shortage.needed or None
            self._bar.update(self._pause, description=f"[yellow]{escape(said)}", completed=shortage.free, total=total)

    def texts(self, done: int) -> None:
        """Texts were made."""
        if self._texts is None:
            self._texts = self._bar.add_task("texts", total=None)
        self._bar.update(self._texts, completed=done)


def print_report(
    archive: Archive, result: CrawlResult, results: Sequence[SiteResult], limit: int | None = None
) -> None:
    """The summary on stdout, and what went wrong and what to do next on stderr."""
    if not results:
        terminal.say(f"nothing is due{_until(result.next)}")
        return
    print_table(terminal.out(), results)
    for line in remarks(result, results, limit):
        terminal.say(line)
    seconds = (result.ended - result.started) / 1_000_000
    size = decimal(sum(one.bytes for one in results))
    fetched = count(sum(one.fetched for one in results), "answer")
    terminal.say(f"{'stopped after' if result.stopped else 'took'} {seconds:.1f} s; {fetched}, {size}, in")
    terminal.say(f"  {archive.warc_path}")
    if any(one.left for one in results):
        terminal.say(f"next: 'presskeep crawl' fetches {count(sum(one.left for one in results), 'article')} still due")
    elif sum(one.new + one.changed for one in results):
        terminal.say("next: 'presskeep list' shows the articles, 'presskeep show URL' one of them")


def _until(at: int | None) -> str:
    from archive.clock import to_datetime  # noqa: PLC0415

    return f" before {to_datetime(at):%Y-%m-%d %H:%M} UTC" if at is not None else ""


def print_table(console: Console, results: Sequence[SiteResult]) -> None:
    """The numbers of each site: a table on a terminal, fields separated by tabs elsewhere."""
    if console.is_terminal:
        console.print(Padding(_table(results), (0, 0, 0, 2), expand=False))
        return
    for one in results:
        terminal.row((one.site, one.fetched, one.new, one.changed, one.refused.total(), _failures(one), one.bytes))


def _failures(one: SiteResult) -> int:
    return one.failed.total() + one.errors.total()


def _table(results: Sequence[SiteResult]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_footer=len(results) > 1, footer_style="dim")
    columns: list[tuple[str, Callable[[SiteResult], int]]] = [
        ("fetched", lambda one: one.fetched),
        ("new", lambda one: one.new),
        ("changed", lambda one: one.changed),
        ("no text", lambda one: one.refused.total()),
        ("failed", _failures),
    ]
    table.add_column("site", footer="all", overflow="fold")
    for name, value in columns:
        table.add_column(name, footer=f"{sum(value(one) for one in results):,}", justify="right", no_wrap=True)
    table.add_column("size", footer=decimal(sum(one.bytes for one in results)), justify="right", no_wrap=True)
    for one in results:
        cells = [
            Text(f"{value(one):,}" if value(one) else "–", style=_style(name, value(one))) for name, value in columns
        ]
        site = Text(terminal.one_line(one.site), style="red" if one.failed_entirely else "bold")
        table.add_row(site, *cells, Text(decimal(one.bytes)))
    return table


def _style(column: str, value: int) -> str:
    if not value:
        return "dim"
    return {"new": "green", "changed": "cyan", "failed": "yellow"}.get(column, "")


def remarks(result: CrawlResult, results: Sequence[SiteResult], limit: int | None = None) -> Iterator[str]:
    """What went wrong, in words: the sites' problems, then reasons with their numbers."""
    troubled = [one for one in results if one.problem]
    for one in troubled[:_PROBLEMS]:
        yield f"{one.site}: {one.problem}"
    if len(troubled) > _PROBLEMS:
        yield f"and {count(len(troubled) - _PROBLEMS, 'more site')} with problems: --json tells of all"
    refused: Counter[str] = sum((one.refused for one in results), Counter())
    if refused:
        yield f"no text: {_counted(refused)}"
    failed: Counter[str] = sum((one.failed for one in results), Counter())
    statuses: Counter[str] = Counter()
    for one in results:
        for status, number in one.errors.items():
            statuses[f"status {status}"] += number
    if failed or statuses:
        yield f"failed: {_counted(statuses + failed)}"
    cut: Counter[str] = sum((one.cut for one in results), Counter())
    if cut:
        yield f"cut, and kept as far as they came: {_counted(cut)}"
    requisites, lacking = sum(one.requisites for one in results), sum((one.lacking for one in results), Counter())
    if requisites or lacking:
        said = f"of what pages refer to, {requisites:,} came"
        yield said + (f"; not to be had: {_counted(lacking)}" if lacking else "")
    waiting = sum(one.waiting for one in results)
    if waiting:
        yield f"{waiting:,} more of it {'waits' if waiting == 1 else 'wait'} for the next crawl"
    unchosen = sum(one.unchosen for one in results)
    if unchosen:
        bound = "max_articles allows" if limit is None else "--limit or max_articles allows"
        yield f"{unchosen:,} more articles were announced than {bound}: the newest were taken"
    for summary in result.summaries:
        if summary.error and not any(one.problem == summary.error for one in results):
            yield summary.error
    if result.pauses:
        yield f"paused for {result.paused:.0f} s in all, for want of room"
    if result.cleaning_error:
        yield f"cleaning stopped: {result.cleaning_error}; 'presskeep clean' makes the missing texts"


def _counted(counted: Counter[str]) -> str:
    return ", ".join(f"{number:,} {terminal.one_line(name)}" for name, number in counted.most_common())


def document(archive: Archive, result: CrawlResult, results: Sequence[SiteResult]) -> dict[str, object]:
    """The summary as JSON."""
    from archive.clock import warc_date  # noqa: PLC0415

    error: PresskeepError | str | None = next((one.error for one in result.summaries if one.error), None)
    return {
        "run": result.run,
        "archive": str(archive.path),
        "started_at": warc_date(result.started),
        "seconds": round((result.ended - result.started) / 1_000_000, 3),
        "outcome": "stopped" if result.stopped else "failed" if error else "finished",
        "error": error,
        "texts": {"cleaned": result.texts.cleaned, "refused": result.texts.refused, "failed": result.texts.failed},
        "memory": max((one.memory for one in result.summaries), default=0),
        "next_due": None if result.next is None else warc_date(result.next),
        "pauses": result.pauses,
        "paused_seconds": round(result.paused, 3),
        "cpu_seconds": round(sum(one.cpu for one in result.summaries), 3),
        "sites": [
            {
                "site": one.site,
                "fetched": one.fetched,
                "articles": one.articles,
                "bytes": one.bytes,
                "new": one.new,
                "changed": one.changed,
                "refused": dict(sorted(one.refused.items())),
                "failed": dict(sorted(one.failed.items())),
                "errors": {str(status): number for status, number in sorted(one.errors.items())},
                "cut": dict(sorted(one.cut.items())),
                "requisites": {
                    **{"captured": one.requisites, "due": one.waiting},
                    "lacking": dict(sorted(one.lacking.items())),
                },
                "due": one.left,
                "unchosen": one.unchosen,
                "failed_entirely": one.failed_entirely,
                "problem": one.problem,
            }
            for one in results
        ],
    }
