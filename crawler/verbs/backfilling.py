"""``presskeep crawl SITE --archive --since DATE``: its progress, its summary, and what is left."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.clock import to_datetime, warc_date
from archive.verbs.typeset import count

if TYPE_CHECKING:
    from archive.store import Archive
    from crawler.backfilling import BackfillResult, Resting, SiteBackfill
    from crawler.backlog import Backfilled
    from crawler.crawling import CleanProgress
    from crawler.jobs import Progress
    from crawler.sites import Site

_COLUMNS = ("found", "queued", "captured", "refused", "left")


def walk_archives(
    archive: Archive,
    sites: Sequence[Site],
    since: int | None,
    until: int | None,
    *,
    limit: int | None,
    clean: bool,
    json: bool,
) -> int:
    """Walk the archives of sites, and tell what came of it; gives the exit code."""
    from crawler.backfilling import backfill  # noqa: PLC0415 - help needs neither SQL nor Scrapy
    from crawler.crawling import stopping  # noqa: PLC0415
    from crawler.report import error_among  # noqa: PLC0415

    with stopping() as stop, _shown([site.host for site in sites]) as listener:
        result = backfill(archive, sites, since, until, limit=limit, clean=clean, listener=listener, stop=stop)
    if json:
        terminal.emit(document(archive, result))
    else:
        _print(archive, result)
    if result.stopped:
        return terminal.INTERRUPTED
    error = error_among(result.summaries)
    if error is not None:
        raise error
    if any(one.outcome == "failed" for one in result.summaries):
        return 1
    return 1 if all(one.asked == 0 and one.problem is not None for one in result.sites) else 0


@contextlib.contextmanager
def _shown(names: Sequence[str]) -> Iterator[Callable[[Progress | CleanProgress | Resting], None]]:
    from crawler.backfilling import Resting  # noqa: PLC0415
    from crawler.verbs.crawling import shown  # noqa: PLC0415

    with shown(names) as listener:

        def listen(progress: Progress | CleanProgress | Resting) -> None:
            if isinstance(progress, Resting):
                minutes = max(1, round(progress.seconds / 60))
                terminal.say(f"{progress.site}: {progress.problem}; it rests for {count(minutes, 'minute')}")
            else:
                listener(progress)

        yield listen


def _print(archive: Archive, result: BackfillResult) -> None:
    console = terminal.out()
    if console.is_terminal:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("site", overflow="fold")
        for name in _COLUMNS:
            table.add_column(name, justify="right", no_wrap=True)
        for one in result.sites:
            cells = [f"{number:,}" if number else "–" for number in _numbers(one.stands)]
            table.add_row(Text(terminal.one_line(one.site), style="bold"), *cells)
        console.print(Padding(table, (0, 0, 0, 2), expand=False))
    else:
        for one in result.sites:
            terminal.row((one.site, *_numbers(one.stands)))
    for line in remarks(result):
        terminal.say(line)
    seconds = (result.ended - result.started) / 1_000_000
    asked = sum(one.asked for one in result.sites)
    terminal.say(f"{'stopped after' if result.stopped else 'took'} {seconds:.1f} s; {count(asked, 'article')}, in")
    terminal.say(f"  {archive.warc_path}")


def _numbers(stands: Backfilled | None) -> tuple[int, ...]:
    if stands is None:
        return (0,) * len(_COLUMNS)
    refused = sum(stands.passed.values()) + sum(stands.settled.values())
    return (stands.found, stands.queued, stands.captured, refused, stands.left)


def remarks(result: BackfillResult) -> Iterator[str]:
    """What went wrong, what was passed over and why, and what to do next."""
    for one in result.sites:
        stands = one.stands
        if one.problem:
            yield f"{one.site}: {one.problem}"
        if stands is None:
            continue
        yield f"{one.site}: {_of(one, stands)}"
        for name, counted in (("passed over", stands.passed), ("not fetched", stands.settled)):
            if counted:
                yield f"{one.site}: {name}: {_counted(counted)}"
        if stands.unread:
            yield f"{one.site}: listings left out: {_counted(stands.unread)}"
        if stands.done:
            yield f"{one.site}: its archive is walked to the end"
    left = sum(one.stands.left + one.stands.unwalked for one in result.sites if one.stands is not None)
    if result.cleaning_error:
        yield f"cleaning stopped: {result.cleaning_error}; 'presskeep clean' makes the missing texts"
    if result.pauses:
        yield f"paused for {result.paused:.0f} s in all, for want of room"
    if left:
        yield f"next: the same command goes on with {_left(result.sites)}"


def _of(one: SiteBackfill, stands: Backfilled) -> str:
    when = f"{to_datetime(stands.since):%Y-%m-%d}"
    when += f" to {to_datetime(stands.until):%Y-%m-%d}" if stands.until is not None else " on"
    known = f"; {stands.known:,} were known already" if stands.known else ""
    began = "" if one.anew else f", begun {to_datetime(stands.begun):%Y-%m-%d}"
    return f"from {when}{began}: {count(stands.shelves, 'listing')} walked{known}"


def _left(sites: Sequence[SiteBackfill]) -> str:
    articles = sum(one.stands.left for one in sites if one.stands is not None)
    shelves = sum(one.stands.unwalked for one in sites if one.stands is not None)
    return f"{count(articles, 'article')} and {count(shelves, 'listing')}"


def _counted(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {terminal.one_line(name)}" for name, number in Counter(counted).most_common())


def document(archive: Archive, result: BackfillResult) -> dict[str, object]:
    """The summary as JSON."""
    error = next((one.error for one in result.summaries if one.outcome == "failed" and one.error), None)
    return {
        "runs": list(result.runs),
        "archive": str(archive.path),
        "started_at": warc_date(result.started),
        "seconds": round((result.ended - result.started) / 1_000_000, 3),
        "outcome": "stopped" if result.stopped else "failed" if error else "finished",
        "error": error,
        "texts": {"cleaned": result.texts.cleaned, "refused": result.texts.refused, "failed": result.texts.failed},
        "memory": max((one.memory for one in result.summaries), default=0),
        "pauses": result.pauses,
        "paused_seconds": round(result.paused, 3),
        "sites": [
            {
                **{"site": one.site, "asked": one.asked, "anew": one.anew, "problem": one.problem},
                **backfilled_json(one.stands),
            }
            for one in result.sites
        ],
    }


def backfilled_json(stands: Backfilled | None) -> dict[str, object]:
    """How a backfill stands, as JSON; empty where there is none."""
    if stands is None:
        return {}
    return {
        **{"since": warc_date(stands.since), "until": None if stands.until is None else warc_date(stands.until)},
        **{"begun_at": warc_date(stands.begun), "done": stands.done, "found": stands.found, "known": stands.known},
        **{"queued": stands.queued, "captured": stands.captured, "redirected": stands.redirected},
        **{"passed_over": dict(sorted(stands.passed.items())), "not_fetched": dict(sorted(stands.settled.items()))},
        **{"taken_by_visits": stands.taken, "left": stands.left, "listings": stands.shelves},
        **{"listings_left": stands.unwalked, "listings_left_out": dict(sorted(stands.unread.items()))},
    }
