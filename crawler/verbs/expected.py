"""What to expect of sites, by a trial: a table for people, and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.filesize import decimal
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.article import Verdict
from archive.verbs.typeset import count

if TYPE_CHECKING:
    from crawler.trying import Expectation

_GIGABYTE = 1e9
_NONE = "–"


def print_expected(tried: Sequence[Expectation]) -> None:
    """What to expect: a table on a terminal, fields separated by tabs elsewhere; reasons as remarks."""
    console = terminal.out()
    if console.is_terminal:
        print_table(console, tried)
    else:
        for one in tried:
            rate = f"{one.rate.per_day:.1f}" if one.rate else ""
            size = f"{one.bytes_a_month / _GIGABYTE:.6f}" if one.bytes_a_month is not None else ""
            words = one.typical_words if one.typical_words is not None else ""
            walls, signs = _counted(one.walls), _counted(one.signs)
            terminal.row((one.site, one.tried, rate, len(one.words), words, walls, one.forbidden, signs, size))
    for one in tried:
        for line in remarks(one):
            terminal.say(f"{terminal.one_line(one.site)}: {line}")


def print_table(console: Console, tried: Sequence[Expectation]) -> None:
    """The table. Walls, robots and signs say in how many of the pages that were tried."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("site", overflow="fold")
    for name in ("articles a day", "tried", "with text", "words"):
        table.add_column(name, justify="right")
    for name in ("walls", "robots", "TDM and AI"):
        table.add_column(name)
    table.add_column("a month", justify="right")
    for one in tried:
        size = decimal(one.bytes_a_month) if one.bytes_a_month is not None else _NONE
        table.add_row(
            Text(terminal.one_line(one.site), style="bold"),
            f"{one.rate.per_day:,.0f}" if one.rate else _NONE,
            f"{one.tried:,}",
            Text(f"{len(one.words):,}", style="green" if len(one.words) == one.tried else "yellow"),
            f"{one.typical_words:,}" if one.typical_words is not None else _NONE,
            Text(_counted(one.walls) or "none", style="yellow" if one.walls else "dim"),
            Text(
                f"forbids {one.forbidden:,}" if one.forbidden else "allows", style="yellow" if one.forbidden else "dim"
            ),
            Text(_counted(one.signs) or "none", style="yellow" if one.signs else "dim"),
            size,
        )
    console.print(Padding(table, (1, 0, 0, 2), expand=False))


def remarks(one: Expectation) -> list[str]:
    """What the table has no room for, in words."""
    said = []
    if one.problem:
        said.append(one.problem)
    if not one.tried and not one.problem:
        said.append("no article was fetched: none that is new was announced")
    if one.rate:
        said.append(f"articles a day by {one.rate.days:.1f} days of {one.rate.source}")
    elif one.tried:
        said.append("its sources have too few dates to tell how much it publishes")
    plain = {"article", "http-error", *one.walls}  # errors are told by their status
    other = {name: number for name, number in one.verdicts.items() if name not in plain}
    if other:
        said.append(f"no plain articles: {_counted(other)}")
    if Verdict.EMPTY in other:
        said.append('what is empty may need its scripts: render = "browser" in sites.toml has it drawn')
    failed = {**{f"status {status}": number for status, number in one.statuses.items()}, **one.unanswered}
    if failed:
        said.append(f"failed: {_counted(failed)}")
    missing = one.tried - sum(one.verdicts.values())
    if missing > 0:
        said.append(f"{count(missing, 'page')} could not be cleaned so far")
    return said


def _counted(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {terminal.one_line(name)}" for name, number in Counter(counted).most_common())


def document(one: Expectation) -> dict[str, object]:
    """The same as JSON: ``articles_a_day`` and ``bytes_a_month`` are null where nothing tells."""
    return {
        "site": one.site,
        "articles_a_day": round(one.rate.per_day, 2) if one.rate else None,
        "rate_days": round(one.rate.days, 2) if one.rate else None,
        "rate_source": one.rate.source if one.rate else None,
        "tried": one.tried,
        "with_text": len(one.words),
        "words": one.typical_words,
        "verdicts": {str(name): number for name, number in sorted(one.verdicts.items())},
        "walls": one.walls,
        "access": dict(sorted(one.access.items())),
        "robots": one.forbidden,
        "signs": dict(sorted(one.signs.items())),
        "statuses": {str(status): number for status, number in sorted(one.statuses.items())},
        "unanswered": {str(reason): number for reason, number in sorted(one.unanswered.items())},
        "bytes_an_article": round(sum(one.sizes) / len(one.sizes)) if one.sizes else None,
        "bytes_a_month": one.bytes_a_month,
        "gigabytes_a_month": round(one.bytes_a_month / _GIGABYTE, 6) if one.bytes_a_month is not None else None,
        "problem": one.problem,
    }
