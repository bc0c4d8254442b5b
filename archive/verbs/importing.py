"""``presskeep import``, ``attach`` and ``detach``: files of other writers."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal

from archive import terminal
from archive.clock import warc_date
from archive.errors import DamagedRecord, NotFound, PresskeepError, UsageError
from archive.verbs.entries import open_archive
from archive.verbs.options import ArchiveOption, JsonOption, point
from archive.verbs.typeset import count, facts
from archive.verbs.words import Json

if TYPE_CHECKING:
    from archive.catalogue.terms import Terms
    from archive.entering.bringing import Brought
    from archive.store import Archive

_SHOWN = 20  # broken places of one file that are shown; --json has more of them

FilesArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE…", help="WARC, ARC and WACZ files, directories, or patterns.", show_default=False),
]
PlacesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="PATH|URL…", help="Files, directories or URLs of files.", show_default=False),
]
SiteOption = Annotated[
    str | None,
    typer.Option("--site", metavar="SITE", help="Make all its captures those of a site.", show_default=False),
]
ByHostOption = Annotated[
    bool, typer.Option("--by-host", help="Name the site of each capture that has none after its host.")
]


def import_(
    files: FilesArgument,
    site: SiteOption = None,
    by_host: ByHostOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look what they hold.")] = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Copy other writers' WARC, ARC and WACZ files into the archive.

    Nothing of them is changed. Their captures are listed, cleaned and proved like its own.
    """
    from archive.entering.importing import import_files, look  # noqa: PLC0415 - brings SQLAlchemy
    from archive.entering.sources import sources  # noqa: PLC0415 - the same

    _one_of(site, by_host)
    with open_archive(archive) as opened, terminal.reported() as progress:
        paths = sources(files, opened.path)
        if dry_run:
            done = list(look(paths, progress=progress))
        else:
            done = list(import_files(opened, paths, site=site, by_host=by_host, progress=progress))
        waiting = 0 if dry_run else _waiting(opened, done)
    _tell(done, json=json, did="looked at" if dry_run else "imported", waiting=waiting)


def attach(
    places: PlacesArgument = None,
    index: Annotated[
        Path | None,
        typer.Option("--cdxj", metavar="FILE", help="Read only what this index lists.", show_default=False),
    ] = None,
    hosts: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="HOST", help="Only this host and those below it; may be repeated."),
    ] = None,
    mimes: Annotated[
        list[str] | None,
        typer.Option("--mime", metavar="TYPE", help="Only this media type, such as text/html; may be repeated."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Captured from then on.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Captured before then.", show_default=False)
    ] = None,
    site: SiteOption = None,
    by_host: ByHostOption = False,
    listed: Annotated[bool, typer.Option("--list", help="List what is attached.")] = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Catalogue other writers' files where they lie, and only ever read them.

    A file behind a URL is read in ranges, never fetched as a whole where an index names its records.
    """
    from archive.catalogue.terms import Filter  # noqa: PLC0415 - the same
    from archive.entering import attaching  # noqa: PLC0415 - brings SQLAlchemy

    _one_of(site, by_host)
    if listed == bool(places):
        raise UsageError("name files, directories or URLs to attach, or say --list to see what is attached")
    with open_archive(archive) as opened:
        if listed:
            _list(attaching.attachments(opened), json=json)
            return
        wanted = Filter(
            tuple(one.lower().strip(".") for one in hosts or ()),
            tuple(one.lower() for one in mimes or ()),
            point(since, "--since"),
            point(until, "--until"),
        )
        asked = attaching.Asked(tuple(places or ()), index, wanted, site, by_host)
        with terminal.reported() as progress:
            done = list(attaching.attach(opened, asked, progress=progress))
        waiting = _waiting(opened, done)
    _tell(done, json=json, did="attached", waiting=waiting)


def detach(
    place: Annotated[
        str, typer.Argument(metavar="PATH|URL", help="What was attached, or the directory of it.", show_default=False)
    ],
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Let go of attached files: their captures and texts leave the archive, the files stay as they are."""
    from archive.entering import attaching  # noqa: PLC0415 - brings SQLAlchemy

    with open_archive(archive) as opened:
        found = attaching.detach(opened, place)
    if json:
        terminal.emit({"detached": [one.source for one in found.files], "unreached": list(found.unreached)})
    else:
        terminal.put(facts([("detached", count(len(found.files), "file"))]))
        for reason in found.unreached:
            terminal.say(f"what it holds as well cannot be read now; 'presskeep rebuild' enters it later: {reason}")


def _one_of(site: str | None, by_host: bool) -> None:
    if site is not None and by_host:
        raise UsageError("say either --site or --by-host")
    if site is not None and (not site.strip() or not site.isprintable()):
        raise UsageError("--site takes the name of a site, such as example-news.org")


def _list(attached: Iterable[Terms], *, json: bool) -> None:
    found = list(attached)
    if not found:
        terminal.say("nothing is attached: 'presskeep attach PATH' does it")
    for one in found:
        if json:
            terminal.emit(
                {
                    "file": one.file,
                    "place": one.source,
                    "bytes": one.size,
                    "form": one.form,
                    "site": one.site,
                    "by_host": one.by_host,
                    "hosts": list(one.filter.hosts),
                    "mimes": list(one.filter.mimes),
                    "since": _day(one.filter.since),
                    "until": _day(one.filter.until),
                    "by_index": one.listed is not None,
                }
            )
        else:
            terminal.row([one.source, one.form, decimal(one.size), _terms(one)])


def _terms(one: Terms) -> str:
    """The terms of an attachment, in the words of the command line."""
    words = [f"--site {shlex.quote(one.site)}"] if one.site is not None else []
    words += ["--by-host"] if one.by_host else []
    words += [f"--host {shlex.quote(host)}" for host in one.filter.hosts]
    words += [f"--mime {shlex.quote(mime)}" for mime in one.filter.mimes]
    words += [f"--since {_day(one.filter.since)}"] if one.filter.since is not None else []
    words += [f"--until {_day(one.filter.until)}"] if one.filter.until is not None else []
    words += ["--cdxj"] if one.listed is not None else []
    return " ".join(words)


def _day(at: int | None) -> str | None:
    """A time as the options take it: the day alone where it is midnight."""
    return warc_date(at).removesuffix("T00:00:00.000000Z") if at is not None else None


def _waiting(opened: Archive, done: list[Brought]) -> int:
    """How many pages of the archive wait for the cleaner, where something has come."""
    if not any(one.entered.captures for one in done):
        return 0
    waiting, failed = opened.count_waiting()
    return waiting - failed


def _tell(done: list[Brought], *, json: bool, did: str, waiting: int) -> None:
    absent = [one for one in done if one.absent]
    refused = [one for one in done if one.refused and not one.absent]
    broken = sum(one.entered.broken for one in done)
    if json:
        terminal.emit(_document(done, waiting))
    else:
        fresh = [one for one in done if not one.refused and not one.there]
        entered = [one.entered for one in done]
        terminal.put(
            facts(
                [
                    (did, f"{count(len(fresh), 'file')}, {decimal(sum(one.size for one in fresh))}"),
                    ("captures", f"{sum(one.captures for one in entered):,}"),
                    ("known", _some(sum(one.known for one in entered), "capture")),
                    ("left out", _some(sum(one.left_out for one in entered), "capture")),
                    ("there", _some(sum(one.there and not one.changed for one in done), "file")),
                    ("changed", _some(sum(one.changed for one in done), "file")),
                    ("broken", _some(broken, "place")),
                    ("refused", _some(len(refused), "file")),
                    ("waiting", f"{count(waiting, 'page')}: 'presskeep clean' makes the texts" if waiting else ""),
                ]
            )
        )
    for one in done:
        _remark(one)
    if broken:
        raise DamagedRecord(
            f"{count(broken, 'place')} could not be read, as the files came; all else in them was taken"
        )
    if refused:
        raise PresskeepError(f"{count(len(refused), 'file')} could not be taken: see above")
    if absent:
        raise NotFound("not all that was named could be taken: see above")


def _some(number: int, noun: str) -> str:
    return count(number, noun) if number else ""


def _remark(one: Brought) -> None:
    source = terminal.one_line(one.source)
    if one.refused:
        terminal.say(f"{source}: {terminal.one_line(one.refused)}")
    for gap in one.entered.gaps[:_SHOWN]:
        where = f"byte {gap.offset:,}" if not gap.length else f"{gap.length:,} bytes from {gap.offset:,} on"
        terminal.say(f"{source}: broken, {where}: {terminal.one_line(gap.reason)}")
    if one.entered.broken > _SHOWN:
        told = len(one.entered.gaps)
        which = "all of them" if told == one.entered.broken else f"the first {told:,}"
        terminal.say(f"{source}: {one.entered.broken - _SHOWN:,} more; --json has {which}")
    for remark in one.remarks:
        terminal.say(f"{source}: {terminal.one_line(remark)}")


def _outcome(one: Brought) -> str:
    if one.refused:
        return "absent" if one.absent else "refused"
    return "changed" if one.changed else "there" if one.there else "taken"


def _document(done: list[Brought], waiting: int) -> Json:
    return {
        "files": [
            {
                "source": one.source,
                "file": one.file,
                "bytes": one.size,
                "form": one.form or None,
                "outcome": _outcome(one),
                "refused": one.refused or None,
                "captures": one.entered.captures,
                "known": one.entered.known,
                "left_out": one.entered.left_out,
                "broken": [
                    {"offset": gap.offset, "bytes": gap.length, "reason": gap.reason} for gap in one.entered.gaps
                ],
                "broken_places": one.entered.broken,
                "remarks": list(one.remarks),
            }
            for one in done
        ],
        "captures": sum(one.entered.captures for one in done),
        "known": sum(one.entered.known for one in done),
        "waiting": waiting,
    }
