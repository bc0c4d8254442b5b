"""``presskeep diff``: what changed between two editions of a page, word by word; or its whole story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group
from rich.text import Text

from archive import terminal
from archive.dataset.selection import instant
from archive.errors import NotFound, UsageError
from archive.terminal import TEXT_WIDTH
from archive.url import normalise
from archive.verbs.entries import address, meant, near_ones, open_archive
from archive.verbs.options import ArchiveOption, CleanerOption, JsonOption, UrlArgument
from archive.verbs.typeset import count, moment

if TYPE_CHECKING:
    from archive.catalogue.browsing import Mark
    from archive.dataset.rows import Entry
    from archive.editing.edit import Edit
    from archive.store import Archive

_MOST = 100_000  # captures of one page that are looked at, the latest
_WAYBACK = 14  # digits of a time as replay tools write it


@dataclass(frozen=True, slots=True)
class Story:
    """What the catalogue knows of a page of one site: its captures, and the runs of them that are its editions."""

    url: str
    site: str | None
    cleaner: str
    marks: tuple[Mark, ...]
    editions: tuple[tuple[Mark, ...], ...]
    others: tuple[str, ...] = ()  # sites that have texts of it, too

    @property
    def counted(self) -> str:
        """How many captures and editions there are, in words."""
        return f"{count(len(self.marks), 'capture')}, {count(len(self.editions), 'edition')}"

    def number(self, mark: Mark) -> int | None:
        """The edition that a capture shows."""
        return next((n for n, run in enumerate(self.editions, 1) if any(one.id == mark.id for one in run)), None)


def diff(
    url: UrlArgument,
    old: Annotated[
        str | None,
        typer.Argument(metavar="A", help="An edition's number, a time, or a capture's id.", show_default=False),
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="B", help="The same; else the last edition.", show_default=False)
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="The whole story: each edit, from the first to the last.")
    ] = False,
    whole: Annotated[bool, typer.Option("--whole", help="All of the text, not only what is near a change.")] = False,
    site: Annotated[
        str | None,
        typer.Option("--site", metavar="SITE", help="As this site has it, where several do.", show_default=False),
    ] = None,
    cleaner: CleanerOption = None,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Show what changed between two editions of a page, word by word.

    Without A and B: between the last two.
    """
    if every and old is not None:
        raise UsageError("--all shows every edit: leave A and B out")
    with open_archive(archive) as opened:
        story = _story(opened, url, meant(opened, cleaner), site)
        if not story.editions:
            raise NotFound(f"{story.url} has no text to compare ({story.counted}): 'presskeep show URL' tells why")
        edits = _history(opened, story) if every else _one(opened, story, old, new)
        number = 0
        console = terminal.out()
        for edit in edits:
            number += 1
            if json:
                _emit(edit)
            else:
                _put(console, edit, story, first=number == 1, whole=whole)
        if not number:
            if json:
                counted = {"captures": len(story.marks), "editions": len(story.editions)}
                terminal.emit({"type": "none", "site": story.site, "url": story.url, **counted})
            terminal.say(f"{story.counted}: nothing changed")
    _say_more(story)


def _emit(edit: Edit) -> None:
    from archive.editing.document import document  # noqa: PLC0415 - help must not wait for it

    terminal.emit(document(edit))


def _put(console: Console, edit: Edit, story: Story, *, first: bool, whole: bool) -> None:
    from archive.verbs.marked import edit_page, title_page  # noqa: PLC0415 - the same

    coloured = console.is_terminal and not console.no_color and console.color_system is not None
    width = min(console.width, TEXT_WIDTH)
    if first:
        terminal.put(title_page(edit), width)
    else:
        terminal.put(Group("", Text("  " + "─" * max(1, width - 4), style="dim")), width)
    terminal.put(edit_page(edit, coloured=coloured, whole=whole, editions=len(story.editions)), width)


def _story(archive: Archive, given: str, cleaner: str | None, site: str | None) -> Story:
    """What is known of a URL, which may lack its scheme; raises NotFound, TakenDown."""
    from archive.catalogue import blocking, browsing  # noqa: PLC0415 - SQL takes 0.3 s to import
    from archive.cleaning.version import CLEANER  # noqa: PLC0415 - brings the extraction library

    url = address(given)
    version = cleaner or CLEANER
    with archive.catalog.reading() as connection:
        marks = browsing.marks(connection, version, normalise(url), most=_MOST)
    if not marks:
        blocking.refuse(archive.catalog, url=url)
        near = near_ones(archive, url)
        hint = f"did you mean {' or '.join(near)}?" if near else "'presskeep list --verdict all' shows what is there"
        raise NotFound(f"nothing was captured of {given}: {hint}")
    texts = [mark for mark in marks if mark.text_digest is not None]
    held = {mark.site for mark in texts or marks}
    if site is not None and site not in held:
        raise NotFound(f"the site {site!r} has no text of {url}; there is one of {_named(held)}")
    chosen = site if site is not None else (texts or marks)[-1].site
    return Story(
        url=marks[-1].url,
        site=chosen,
        cleaner=version,
        marks=tuple(mark for mark in marks if mark.site == chosen),
        editions=tuple(_runs(mark for mark in texts if mark.site == chosen)),
        others=tuple(sorted(one or "(no site)" for one in held - {chosen})),
    )


def _named(sites: set[str | None]) -> str:
    return ", ".join(sorted(one or "no site at all" for one in sites))


def _runs(texts: Iterator[Mark]) -> Iterator[tuple[Mark, ...]]:
    run: list[Mark] = []
    for mark in texts:
        if run and run[-1].text_digest != mark.text_digest:
            yield tuple(run)
            run = []
        run.append(mark)
    if run:
        yield tuple(run)


def _history(archive: Archive, story: Story) -> Iterator[Edit]:
    from archive.editing.archived import history  # noqa: PLC0415 - SQL takes 0.3 s to import

    for edit in history(archive, story.url, cleaner=story.cleaner):
        if edit.site == story.site:
            yield edit


def _one(archive: Archive, story: Story, old: str | None, new: str | None) -> Iterator[Edit]:
    """The edit between two captures, by default the last of one edition and the first of the next."""
    from archive.editing.archived import as_turned  # noqa: PLC0415 - SQL takes 0.3 s to import
    from archive.editing.story import between  # noqa: PLC0415 - the same

    editions = story.editions
    if old is None:
        if len(editions) < 2:
            return
        first, second = editions[-2][-1], editions[-1][0]
    else:
        first = _chosen(story, old, last=True)
        second = _chosen(story, new, last=False) if new is not None else editions[-1][0]
        if new is None and story.number(first) == len(editions):
            raise UsageError(f"{old} is the last edition of {len(editions)}: name an earlier one, or B as well")
    yield as_turned(archive, between(_entry(archive, story, first), _entry(archive, story, second)), story.cleaner)


def _chosen(story: Story, given: str, *, last: bool) -> Mark:
    """The capture that somebody means; of an edition its ``last`` one, or its first. Raises UsageError, NotFound."""
    editions = story.editions
    if given.isascii() and given.isdigit() and len(given) < 8:
        number = int(given)
        if not 1 <= number <= len(editions):
            raise NotFound(f"there is no edition {number} of {story.url}: it has {story.counted}")
        return editions[number - 1][-1 if last else 0]
    wanted = given.strip("<>")
    if wanted.startswith("urn:") or wanted.count("-") == 4:
        found = [mark for mark in story.marks if mark.id.removeprefix("urn:uuid:") == wanted.removeprefix("urn:uuid:")]
        if not found:
            raise NotFound(f"{story.url} has no capture {given}: 'presskeep captures URL --json' lists them")
        if found[0].text_digest is None:
            raise NotFound(f"the capture {given} has no text ({found[0].verdict or 'it is not cleaned'})")
        return found[0]
    at = _instant(given)
    return min((mark for run in editions for mark in run), key=lambda mark: abs(mark.at - at))


def _instant(given: str) -> int:
    text = given
    if given.isascii() and given.isdigit() and len(given) == _WAYBACK:
        text = f"{given[:8]}T{given[8:]}"
    try:
        return instant(text)
    except ValueError as error:
        raise UsageError(
            f"{given!r} names no capture: give the number of an edition, a time such as 2026-11-24T09:30Z, or the id "
            "of a capture"
        ) from error


def _entry(archive: Archive, story: Story, mark: Mark) -> Entry:
    from archive.catalogue.texts import entry  # noqa: PLC0415 - SQL takes 0.3 s to import

    found = entry(archive.catalog, archive.warc_path, story.cleaner, mark.id)
    if found is None:
        raise NotFound(f"the capture {mark.id} went while it was asked for: run it again")
    return replace(found, edition=story.number(mark), editions=len(story.editions))


def _say_more(story: Story) -> None:
    """What else there is to know: that the page is gone by now, and that other sites have it."""
    newest = story.marks[-1]
    if newest.status is not None and 300 <= newest.status < 400 and newest.status != 304:
        led = f"the latest capture ({moment(newest.at)}) leads elsewhere, status {newest.status}"
        terminal.say(f"{led}: 'presskeep captures URL' shows where to")
        _say_others(story)
        return
    last = next((mark for mark in reversed(story.marks) if mark.verdict is not None), None)
    if last is not None and last.text_digest is None:
        status = f", status {last.status}" if last.status is not None and last.status != 200 else ""
        terminal.say(f"the latest capture ({moment(last.at)}) gave no article: {last.verdict}{status}")
    _say_others(story)


def _say_others(story: Story) -> None:
    if story.others:
        terminal.say(f"other sites of this archive have it, too: {', '.join(story.others)} (--site)")
