"""``presskeep changes``: what another version of the cleaner makes of the same captures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.clock import to_datetime, warc_date
from archive.difference import Change, Line, lines
from archive.errors import NotFound, UsageError
from archive.progress import Progress
from archive.verbs.entries import meant, open_archive, require_sites
from archive.verbs.options import ArchiveOption, JsonOption, SitesOption
from archive.verbs.typeset import count, facts, heading, moment
from archive.verbs.words import Json

if TYPE_CHECKING:
    from archive.catalogue.cleaners import Cleaner, Pair
    from archive.changelog import Changelog

_STYLES = {"-": "red", "+": "green", "=": "dim"}
_LONG = 400  # characters of a block that are shown where nothing of it changed
_NO_SITE = "(no site)"


def changes_(
    old: Annotated[
        str | None,
        typer.Argument(metavar="OLD", help="A cleaner, or how it begins; else that of most texts.", show_default=False),
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="NEW", help="Another one; else the installed one.", show_default=False)
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample",
            metavar="N",
            min=1,
            help="Clean N captures anew to see it; nothing is kept.",
            show_default=False,
        ),
    ] = None,
    site: SitesOption = None,
    examples: Annotated[int, typer.Option("--examples", metavar="N", min=0, help="Of each kind of change.")] = 3,
    listed: Annotated[bool, typer.Option("--list", help="List the cleaners that made texts.")] = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Show how the texts of one version of the cleaner differ from those of another, before anyone relies on it."""
    with open_archive(archive) as opened:
        from archive.catalogue.cleaners import cleaners, count_pairs, pairs  # noqa: PLC0415 - brings SQLAlchemy
        from archive.changelog import changelog, tried  # noqa: PLC0415 - the same
        from archive.cleaning.version import CLEANER  # noqa: PLC0415 - brings the extraction library

        known = cleaners(opened.catalog)
        if listed:
            _list(known, CLEANER, json=json)
            return
        if sample is not None and new is not None:
            raise UsageError("--sample cleans by the installed version: leave NEW out")
        sites = tuple(site or ())
        require_sites(opened, sites)
        first = meant(opened, old) or _most(known, CLEANER, alone=sample is None)
        if sample is not None:
            second, left = CLEANER, (0, 0)
            with terminal.reported() as progress:
                found = changelog(tried(opened, first, sample, sites, progress), examples)
        else:
            second = meant(opened, new) or _installed(known, CLEANER)
            if first == second:
                raise UsageError(f"both are {first}: 'presskeep changes --list' tells which cleaners made texts")
            number, *rest = count_pairs(opened.catalog, first, second, sites)
            left = (rest[0], rest[1])
            with terminal.reported() as progress:
                some = _counted(pairs(opened.catalog, first, second, sites), number, progress)
                found = changelog(some, examples)
    if not found.compared:
        raise NotFound(f"no capture has a text by {first} and by {second}: 'presskeep clean' makes those that lack")
    if json:
        terminal.emit(_document(found, first, second, left))
    else:
        _show(found, first, second, left)


def _counted(pairs: Iterator[Pair], number: int, progress: Progress) -> Iterator[Pair]:
    for done, pair in enumerate(pairs, 1):
        yield pair
        if done % 100 == 0 or done == number:
            progress(done, number, "texts")


def _most(known: Sequence[Cleaner], installed: str, *, alone: bool) -> str:
    """The cleaner that made most texts; ``alone``, of those that are not installed."""
    for one in known:
        if one.version != installed or not alone:
            return one.version
    if known:
        raise NotFound(
            f"the archive has texts by one cleaner, {installed}: after an update of Presskeep "
            "'presskeep changes --sample 300' tries the new one"
        )
    raise NotFound("the archive has no texts yet: run 'presskeep clean'")


def _installed(known: Sequence[Cleaner], installed: str) -> str:
    if any(one.version == installed for one in known):
        return installed
    raise NotFound(
        f"the installed cleaner, {installed}, has made no text here yet: 'presskeep changes --sample 300' tries it on "
        "some captures, 'presskeep clean' makes all"
    )


def _list(known: Sequence[Cleaner], installed: str, *, json: bool) -> None:
    if not known:
        terminal.say("the archive has no texts yet: run 'presskeep clean'")
    for one in known:
        if json:
            terminal.emit(
                {
                    "cleaner": one.version,
                    "texts": one.texts,
                    "latest": warc_date(one.latest),
                    "installed": one.version == installed,
                }
            )
        else:
            mark = "installed" if one.version == installed else ""
            terminal.row([one.version, one.texts, f"{to_datetime(one.latest):%Y-%m-%d}", mark])


def _show(found: Changelog, old: str, new: str, left: tuple[int, int]) -> None:
    share = f"{found.changed * 100 / found.compared:.1f} %"
    terminal.put(
        facts(
            [
                ("old", old),
                ("new", new),
                ("compared", count(found.compared, "text")),
                ("changed", f"{found.changed:,} ({share})"),
                ("only old", f"{count(left[0], 'capture')}: 'presskeep clean' makes what lacks" if left[0] else ""),
                ("only new", count(left[1], "capture") if left[1] else ""),
            ]
        )
    )
    if found.changed:
        terminal.put(Padding(_table(found), (1, 0, 0, 0)))
        show_examples(found)


def show_examples(found: Changelog) -> None:
    """The examples of each kind of change, for people."""
    width = min(terminal.out().width, terminal.TEXT_WIDTH)
    for change, pairs in found.examples.items():
        terminal.put(Group("", heading(f"{str(change).capitalize()}: {found.classes[change]:,}")))
        for pair in pairs:
            terminal.put(_example(change, pair), width)


def _table(found: Changelog) -> RenderableType:
    """Sites with the most changes first; of each class a column would be too many: the classes stand in a line."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Site", overflow="fold")
    for name in ("Texts", "Changed"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("In", overflow="fold")
    ordered = sorted(found.sites.items(), key=lambda one: (-one[1].changed, one[0] or ""))
    for site, one in ordered:
        said = ", ".join(f"{change} {number:,}" for change, number in one.classes.most_common())
        shown = Text(terminal.one_line(site or _NO_SITE))
        table.add_row(shown, f"{one.compared:,}", f"{one.changed:,}", Text(said))
    return table


def _example(change: Change, pair: Pair) -> RenderableType:
    parts: list[RenderableType] = [
        "",
        Text(terminal.one_line(pair.url), style="cyan"),
        Text(f"captured {moment(pair.at)}", style="dim"),
    ]
    found = lines(pair.old, pair.new, _SIGNS.get(change, "-+~"))
    shown = _metadata(change, pair) or [_line(line) for line in found if _concerns(change, line)]
    return Padding(Group(*parts, *shown), (0, 0, 0, 2), expand=False)


# Of which signs the lines are that show a class.
_SIGNS = {Change.LONGER: "+", Change.SHORTER: "-", Change.REWORDED: "~"}


def _concerns(change: Change, line: Line) -> bool:
    """Whether a line is part of what a class is about: a headline is no example of a block that was removed."""
    named = {Change.HEADLINE: "headline", Change.STANDFIRST: "standfirst"}
    return line.what == named.get(change, "body")


def _metadata(change: Change, pair: Pair) -> list[RenderableType]:
    names = _FIELDS.get(change, ())
    shown: list[RenderableType] = []
    for name in names:
        one, other = getattr(pair.old, name, None), getattr(pair.new, name, None)
        if one != other:
            shown += [Text(f"- {name}: {_plain(one)}", style="red"), Text(f"+ {name}: {_plain(other)}", style="green")]
    return shown


_FIELDS: dict[Change, tuple[str, ...]] = {
    Change.BYLINE: ("byline",),
    Change.DATES: ("published", "modified"),
    Change.VERDICT: ("verdict", "reason"),
    Change.METADATA: (
        *("kicker", "agency", "dateline", "language", "section", "tags", "canonical_url", "site_name", "lead_image"),
        *("images", "corrections", "access"),
    ),
}


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        value = ", ".join(str(one) for one in value)
    return terminal.shorten(terminal.one_line("" if value is None else value), _LONG)


def _line(line: Line) -> Text:
    shown = Text(f"{line.sign} ", style=_STYLES.get(line.sign, ""))
    if line.sign == "=":
        shown.append(terminal.shorten(terminal.one_line(line.text), _LONG), style="dim")
        return shown
    for piece in line.pieces:
        style = _STYLES[piece.sign] if piece.sign != "=" else ""
        words = terminal.plain(piece.text)
        if line.sign == "~" and piece.sign != "=":
            words = f"[-{words}-]" if piece.sign == "-" else f"{{+{words}+}}"  # without colours, too, as in wdiff
        shown.append(words, style=style)
    return shown


def _document(found: Changelog, old: str, new: str, left: tuple[int, int]) -> Json:
    return {
        "old": old,
        "new": new,
        "compared": found.compared,
        "changed": found.changed,
        "only_old": left[0],
        "only_new": left[1],
        "classes": {str(change): number for change, number in found.classes.most_common()},
        "sites": [
            {
                "site": site,
                "compared": one.compared,
                "changed": one.changed,
                "classes": {str(change): number for change, number in one.classes.most_common()},
            }
            for site, one in sorted(found.sites.items(), key=lambda one: one[0] or "")
        ],
        "examples": [
            {
                "class": str(change),
                "url": pair.url,
                "site": pair.site,
                "capture_id": pair.capture,
                "captured_at": warc_date(pair.at),
                "lines": [
                    {
                        "part": line.what,
                        "sign": line.sign,
                        "pieces": [{"sign": piece.sign, "text": piece.text} for piece in line.pieces],
                    }
                    for line in lines(pair.old, pair.new)
                ],
            }
            for change, pairs in found.examples.items()
            for pair in pairs
        ],
    }
