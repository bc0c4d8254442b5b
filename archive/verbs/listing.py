"""``presskeep list``: what the archive holds, one line a URL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.article import Article, Refusal, Verdict
from archive.clock import warc_date
from archive.dataset.rows import Entry, reservations
from archive.dataset.selection import Selection, matches, not_before
from archive.reservation import reserved as of_reservations
from archive.verbs.entries import Failure, all_entries, failures, meant, open_archive, require_sites, still_to_clean
from archive.verbs.options import (
    ArchiveOption,
    CleanerOption,
    JsonOption,
    LanguagesOption,
    ReservedOption,
    SitesOption,
    UnreservedOption,
    day,
    kinds,
    noted,
)
from archive.verbs.typeset import count
from archive.verbs.words import explain, waits

EVERYTHING = "all"
FAILED = "failed"
ROOMY = 70  # below this many cells there is no room for the words and the verdict
_DATE, _WORDS = 10, 6  # cells
_MARGIN = 10
_LINES = 2  # of a terminal that one headline may take
_MOST = 10_000  # characters of it that are looked at: hostile ones have megabytes
_STYLES: dict[str, str] = {Verdict.ARTICLE: "green", FAILED: "red"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list. ``date`` is the page's own date, or that of the capture where the page gives none."""

    date: str
    captured_at: str
    verdict: str
    words: int | None
    site: str | None
    language: str | None
    headline: str | None
    reason: str | None
    editions: int
    reserved: list[str]
    url: str


def list_(
    site: SitesOption = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Published, or captured, then or later.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Published, or captured, before that.", show_default=False)
    ] = None,
    verdict: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VERDICT",
            help="article (the default), teaser, paywall, …; failed for fetches without an answer; all. Repeatable.",
            show_default=False,
        ),
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(
            metavar="WORDS",
            help="Only with all these words in the headline, the standfirst or the text, in any case.",
            show_default=False,
        ),
    ] = None,
    language: LanguagesOption = None,
    reserved: ReservedOption = None,
    unreserved: UnreservedOption = False,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only the newest N.", show_default=False)
    ] = None,
    cleaner: CleanerOption = None,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """List the articles.

    Date, words, verdict, headline and URL; the newest come last.
    """
    wanted = set(noted(verdict, "--verdict", [*Verdict, FAILED, EVERYTHING]) or [Verdict.ARTICLE])
    since, until = day(since, "--since"), day(until, "--until")
    if EVERYTHING in wanted:
        wanted |= {FAILED, *Verdict}
    selection = Selection(
        sites=tuple(site or ()),
        languages=tuple(language or ()),
        verdicts=tuple(one for one in Verdict if one in wanted),
        reserved=kinds(reserved, unreserved=unreserved),
        unreserved=unreserved,
    )
    with open_archive(archive) as opened:
        lines: list[Line] = []
        others: Counter[str] = Counter()
        if selection.verdicts:
            for entry in standing(all_entries(opened, selection, meant(opened, cleaner)), selection):
                if not _says(entry, search):
                    continue
                line = _of_text(entry)
                if entry.text.verdict in selection.verdicts:
                    lines.append(line)
                elif _within(line, since, until):
                    others[line.verdict] += 1
        require_sites(opened, selection.sites)
        waiting = still_to_clean(opened)
        if not (search or selection.languages or selection.reserved or unreserved):  # which an attempt has none of
            failed = [_of_failure(one) for one in failures(opened, selection.sites)]
            if FAILED in wanted:
                lines += failed
            else:
                others.update(line.verdict for line in failed if _within(line, since, until))
    lines = [line for line in lines if _within(line, since, until)]
    lines.sort(key=lambda line: (line.date, line.captured_at, line.url))
    if limit is not None:
        lines = lines[-limit:]
    if json:
        for line in lines:
            terminal.emit(asdict(line))
    else:
        _show(lines)
        narrowed = any((site, since, until, verdict, search, language, reserved, unreserved))
        terminal.say(_summary(lines, others, narrowed=narrowed, waiting=waiting))
    if waiting:
        terminal.say(waits(waiting))


def standing(entries: Iterable[Entry], selection: Selection) -> Iterator[Entry]:
    """What stands of each URL: its last text of each verdict, and a refusal only where it is the URL's last word.

    So an article stays in the list when its page cannot be had later, and that it cannot be had is there too. The
    entries come ordered by site, key, time and id; the selection's verdicts and editions are not looked at.
    """
    anything = replace(selection, verdicts=())
    for _, group in groupby(entries, key=lambda entry: (entry.capture.site, entry.capture.key)):
        latest: dict[Verdict, Entry] = {}
        for entry in group:
            if matches(entry, anything):
                latest.pop(entry.text.verdict, None)
                latest[entry.text.verdict] = entry
        stand = list(latest.values())
        yield from (entry for entry in stand if isinstance(entry.text, Article) or entry is stand[-1])


def _says(entry: Entry, search: str | None) -> bool:
    """Whether a text has all the words, each as it is written or within a longer one; without words each has."""
    if not search:
        return True
    if not isinstance(entry.text, Article):
        return False
    from archive.catalogue.browsing import fold  # noqa: PLC0415 - SQL takes 0.3 s to import

    said = fold("\n".join(filter(None, (entry.text.headline, entry.text.standfirst, entry.text.text))))
    return all(word in said for word in fold(search).split())


def _of_text(entry: Entry) -> Line:
    text, capture = entry.text, entry.capture
    article = text if isinstance(text, Article) else None
    captured = warc_date(capture.at)
    return Line(
        date=(article.published if article else None) or captured,
        captured_at=captured,
        verdict=str(text.verdict),
        words=article.word_count if article else None,
        site=capture.site,
        language=article.language if article else None,
        headline=article.headline if article else None,
        reason=text.reason if isinstance(text, Refusal) else None,
        editions=entry.editions,
        reserved=sorted(of_reservations(reservations(capture))),
        url=capture.url,
    )


def _of_failure(failure: Failure) -> Line:
    at = warc_date(failure.at)
    return Line(
        at, at, FAILED, None, failure.site, None, None, explain(failure.reason, failure.detail), 0, [], failure.url
    )


def _within(line: Line, since: str | None, until: str | None) -> bool:
    return (since is None or not_before(line.date, since)) and (until is None or not not_before(line.date, until))


def _show(lines: Sequence[Line]) -> None:
    console = terminal.out()
    if not console.is_terminal:
        for line in lines:
            words = "" if line.words is None else str(line.words)
            terminal.row((line.date[:_DATE], words, line.verdict, line.headline or line.reason or "", line.url))
        return
    column = max((len(line.verdict) for line in lines), default=0)
    for line in lines:
        console.print(_row(line, console.width, column))
        # Below, on a line that only the terminal wraps: so it can be copied whole, as `show` asks for it.
        url = Text(" " * (_DATE + 2) + terminal.one_line(line.url[:_MOST]), style="dim")
        console.print(url, soft_wrap=True)


def _row(line: Line, width: int, column: int) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=_DATE, no_wrap=True)
    left = width - _DATE - 2
    cells = [Text(line.date[:_DATE], style="dim")]
    if width >= ROOMY:
        grid.add_column(width=_WORDS, justify="right", no_wrap=True)
        grid.add_column(width=column, no_wrap=True)
        cells.append(Text("" if line.words is None else f"{line.words:,}"))
        cells.append(Text(line.verdict, style=_STYLES.get(line.verdict, "yellow")))
        left -= _WORDS + column + 4
    grid.add_column(overflow="fold")
    said = terminal.one_line((line.headline or line.reason or "(no headline)")[:_MOST])
    # Wrapping at words may leave some cells of the first line empty.
    above = Text(terminal.shorten(said, left * _LINES - _MARGIN), style="bold" if line.headline else "")
    if line.editions > 1 and line.reason is None:
        above.append(f"  {count(line.editions, 'edition')}", style="cyan")
    grid.add_row(*cells, above)
    return grid


def _summary(lines: Sequence[Line], others: Counter[str], *, narrowed: bool, waiting: int) -> str:
    beside = f"{_counts(others)} under --verdict all" if others else ""
    if lines:
        said = _counts(Counter(line.verdict for line in lines))
        return f"{said}; {beside}" if beside else said
    if beside:
        return f"nothing to list but {beside}"
    if narrowed:
        return "nothing matched: 'presskeep list --verdict all' shows what there is"
    return "nothing to list yet" if waiting else "nothing to list yet: 'presskeep crawl' fetches what there is"


def _counts(counted: Counter[str]) -> str:
    return ", ".join(
        count(number, "article") if verdict == Verdict.ARTICLE else f"{number:,} {verdict}"
        for verdict, number in counted.most_common()
    )
