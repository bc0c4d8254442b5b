"""``presskeep index`` and ``pack``: what other tools open."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal

from archive import terminal
from archive.errors import NotFound, UsageError
from archive.target import STDOUT
from archive.url import normalise
from archive.verbs.entries import address, open_archive, require_sites
from archive.verbs.options import ArchiveOption, JsonOption, SitesOption, WithheldOption, name_withheld, point
from archive.verbs.typeset import count, facts

if TYPE_CHECKING:
    from archive.sharing.packing import Packed
    from archive.sharing.selection import Selection
    from archive.store import Archive

SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="Only captured then or later.", show_default=False)
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Only captured before that.", show_default=False)
]
_NAMED = 3  # addresses that are named where nothing was captured of them


def index(
    out: Annotated[str, typer.Argument(metavar="OUT", help="The file to write; - for standard output.")] = STDOUT,
    cdxj: Annotated[
        bool, typer.Option("--cdxj", help="As CDXJ; so far there is no other form.", show_default=False)
    ] = True,
    site: SitesOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    with_withheld: WithheldOption = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Write an index of the captures for other tools.

    One line a capture, sorted, revisits resolved, as pywb, ReplayWeb.page and cdxj-indexer have it.
    """
    from archive.sharing.cdxj import write_index  # noqa: PLC0415 - SQL takes 0.3 s to import

    assert cdxj
    if json and out == STDOUT:
        raise UsageError("--json prints the summary where the index goes: name a file for the index")
    with open_archive(archive) as opened:
        selection = _selection(opened, site, since, until, with_withheld=with_withheld)
        with terminal.reported() as progress:
            done = write_index(opened, out, selection, progress)
    _name_lost(done.lost)
    name_withheld(done.withheld)
    said = count(done.captures, "capture")
    if done.bytes is not None:
        said += f", {decimal(done.bytes)}"
    if done.confirmations:
        said += f"; {count(done.confirmations, 'answer')} 'not modified' left out"
    if done.target == STDOUT:
        terminal.say(said)
    elif json:
        terminal.emit(asdict(done))
    else:
        terminal.out().print(f"{terminal.one_line(done.target)}: {said}", soft_wrap=True)


def pack(
    out: Annotated[str, typer.Argument(metavar="OUT.wacz", help="The file to write.", show_default=False)],
    site: SitesOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    url: Annotated[
        list[str] | None,
        typer.Option(
            "--url",
            metavar="URL",
            help="Only this address, with what its page draws; repeatable.",
            show_default=False,
        ),
    ] = None,
    urls: Annotated[
        str | None,
        typer.Option(
            "--urls",
            metavar="FILE",
            help="The same for those in a file, one a line; - is stdin.",
            show_default=False,
        ),
    ] = None,
    title: Annotated[
        str, typer.Option(metavar="TEXT", help="The package's title; else the archive's name.", show_default=False)
    ] = "",
    description: Annotated[
        str, typer.Option(metavar="TEXT", help="What it holds, in plain text or Markdown.", show_default=False)
    ] = "",
    with_withheld: WithheldOption = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Pack the archive, or a part of it, into one WACZ file.

    With an index, and pages with their text: ReplayWeb.page opens it in a browser and searches it.
    """
    from archive.sharing.belonging import belonging, editions  # noqa: PLC0415 - SQL takes 0.3 s to import
    from archive.sharing.packing import pack  # noqa: PLC0415 - the same

    wanted = [address(one) for one in url or ()] + (_listed(urls) if urls is not None else [])
    if urls is not None and not wanted:
        raise UsageError(f"--urls: {urls} names no address: write one a line")
    with open_archive(archive) as opened:
        selection = _selection(opened, site, since, until, wanted, with_withheld=with_withheld)
        left = _without_taken_down(opened, wanted)
        if selection.keys:
            pages = editions(opened, selection.keys, selection.since, selection.until)
            selection = replace(selection, beside=belonging(opened, pages) if pages else ())
        with terminal.reported() as progress:
            done = pack(opened, out, selection, title=title, description=description, progress=progress)
        _name_missing(opened, left)
    _name_lost(done.lost)
    name_withheld(done.withheld)
    if done.uncleaned:
        terminal.say(
            f"{count(done.uncleaned, 'capture')} in it went without text: 'presskeep clean' makes it, then pack again"
        )
    if json:
        terminal.emit(asdict(done))
    else:
        terminal.put(facts(_summary(done)))
        terminal.say(
            "open it at https://replayweb.page or in its app, or add it to pywb: wb-manager add --unpack-wacz "
            f"COLLECTION {terminal.one_line(done.target)}"
        )


def _selection(
    archive: Archive,
    sites: Sequence[str] | None,
    since: str | None,
    until: str | None,
    urls: Iterable[str] = (),
    *,
    with_withheld: bool,
) -> Selection:
    from archive.sharing.selection import Selection  # noqa: PLC0415 - as above

    require_sites(archive, sites or ())
    return Selection(
        sites=tuple(sites or ()),
        since=point(since, "--since"),
        until=point(until, "--until"),
        keys=tuple(sorted({normalise(one) for one in urls})),
        withheld=frozenset() if with_withheld else archive.configuration.reservations.withheld,
    )


def _listed(file: str) -> list[str]:
    """The addresses in a file; raises UsageError, which names the line, for what is none."""
    try:
        text = sys.stdin.read() if file == STDOUT else Path(file).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NotFound(f"--urls: there is no file {file}: write one with an address a line, or - for stdin") from error
    except OSError as error:
        raise UsageError(f"--urls: {file} cannot be read ({error.strerror}): name a text file") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(f"--urls: {file}, line {line}: this is not UTF-8: save the file in that encoding") from error
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(address(line))
            except UsageError as error:
                raise UsageError(f"--urls: {file}, line {number}: {error.message}") from error
    return found


def _without_taken_down(archive: Archive, urls: Sequence[str]) -> list[str]:
    """The addresses that may be handed out; raises TakenDown where there is none, and names the others."""
    from archive.catalogue.blocking import refuse, watch  # noqa: PLC0415 - as above

    is_taken_down = watch(archive.catalog)
    left = [one for one in urls if not is_taken_down(one)]
    if urls and not left:
        refuse(archive.catalog, url=urls[0])
    if len(left) < len(urls):
        said = _some([one for one in urls if is_taken_down(one)])
        terminal.say(f"taken down, and so not in it: {said}; 'presskeep takedown --list' says why")
    return left


def _some(urls: Sequence[str]) -> str:
    return ", ".join(urls[:_NAMED]) + (", …" if len(urls) > _NAMED else "")


def _name_missing(archive: Archive, urls: Sequence[str]) -> None:
    missing = [one for one in urls if next(archive.captures(url=one), None) is None]
    if missing:
        terminal.say(f"nothing was captured of {count(len(missing), 'URL')}: {_some(missing)}")


def _name_lost(lost: int) -> None:
    if lost:
        terminal.say(f"{count(lost, 'capture')} lost to damage cannot be in it: 'presskeep verify' names them")


def _summary(done: Packed) -> list[tuple[str, str]]:
    brought = f"; {done.brought:,} of them because others draw them or refer to their payload" if done.brought else ""
    return [
        ("packed", terminal.one_line(done.target)),
        ("holds", f"{count(done.captures, 'capture')} in {count(done.files, 'WARC file')}{brought}"),
        ("pages", f"{done.pages:,}, {done.texts:,} of them with text"),
        ("size", decimal(done.bytes)),
    ]
