"""``presskeep takedown``: what must not be handed out any more, and what must be gone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.text import Text

from archive import terminal
from archive.errors import UsageError
from archive.verbs.entries import open_archive
from archive.verbs.options import ArchiveOption, JsonOption
from archive.verbs.takedowns import concerned, document, named, reason_of, show_all
from archive.verbs.typeset import count, facts
from archive.verbs.words import Json
from archive.warc.places import ATTACHED

if TYPE_CHECKING:
    from archive.catalogue.blocking import Target
    from archive.removal.purge import Plan, Purged
    from archive.removal.takedown import Takedown
    from archive.store import Archive

_SHOWN = 20  # files or addresses that are named on a page; --json has all of them


def takedown(
    target: Annotated[
        str | None, typer.Argument(metavar="[URL|PREFIX]", help="What is concerned.", show_default=False)
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.", show_default=False)] = "",
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decided; it is kept.", show_default=False)] = "",
    prefix: Annotated[bool, typer.Option("--prefix", help="Also all addresses that begin with it.")] = False,
    purge: Annotated[bool, typer.Option("--purge", help="Also remove its bytes from the archive, for good.")] = False,
    payload: Annotated[
        bool, typer.Option("--payload", help="With --purge: also the same pages under other addresses.")
    ] = False,
    lift: Annotated[bool, typer.Option("--lift", help="End a takedown; what was purged stays gone.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Show all takedowns.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what is concerned.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Purge without asking first.")] = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Take a page, or all below an address, out of the archive.

    It is blocked at once: no verb shows or exports it, and no crawl fetches it again. With --purge its bytes go, too.
    """
    _check(target, lift=lift, listing=list_, purge=purge, payload=payload, dry_run=dry_run)
    from archive.catalogue.blocking import Target  # noqa: PLC0415 - SQL takes 0.3 s to import: help and usage errors need none
    from archive.removal.drawn import drawn_from  # noqa: PLC0415 - the same

    with open_archive(archive) as opened:
        if target is None:
            show_all(opened, json=json)
            return
        meant = Target.of(target, prefix=prefix)
        beside = () if lift or prefix else drawn_from(opened, target)  # as long as its captures can be seen
        if dry_run:
            _show_plan(opened, meant, target, payload=payload, json=json)
        elif lift:
            _lift(opened, meant, target, reason, by, json=json)
        elif purge:
            from archive.removal.takedown import reason_for  # noqa: PLC0415 - as above

            reason = reason.strip() or reason_for(opened, meant)  # what was decided needs no second reason
            _require_reason(reason)
            _purge(opened, meant, target, reason, by, payload=payload, yes=yes, json=json)
        else:
            _take_down(opened, meant, target, reason, by, json=json)
    if beside:
        shown = ", ".join(map(terminal.one_line, beside[:_SHOWN]))
        more = f" and {len(beside) - _SHOWN:,} more" if len(beside) > _SHOWN else ""
        terminal.say(f"it was drawn from answers that have addresses of their own, and stay: {shown}{more}")


def _check(target: str | None, *, lift: bool, listing: bool, purge: bool, payload: bool, dry_run: bool) -> None:
    if listing and target is not None:
        raise UsageError("--list shows all takedowns: name no address with it")
    if not listing and target is None:
        raise UsageError("name the address that is to be taken down, or say --list to see what is")
    if lift and (purge or dry_run):
        raise UsageError("--lift ends a takedown: it goes with neither --purge nor --dry-run")
    if payload and not (purge or dry_run):
        raise UsageError("--payload says what --purge removes: say --purge, too")


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise UsageError("say why, as in --reason 'court order 12/2026': it is kept for whoever asks later")


def _take_down(archive: Archive, target: Target, given: str, reason: str, by: str, *, json: bool) -> None:
    from archive.removal.takedown import take_down  # noqa: PLC0415 - as above

    done = take_down(archive, target, given=given, reason=reason, by=by)
    if json:
        terminal.emit(document(done))
        return
    terminal.put(
        Group(
            facts([("taken down", named(done)), ("concerns", concerned(done)), ("reason", reason_of(done.act))]),
            Text(f"\n{_what_next(done)}", style="dim"),
        )
    )


def _what_next(done: Takedown) -> str:
    if done.captures or done.attempts:
        return "Its bytes are still in the WARC files: --purge removes them."
    return "Nothing of it is in the archive: see whether the address is right. What comes later will be blocked."


def _lift(archive: Archive, target: Target, given: str, reason: str, by: str, *, json: bool) -> None:
    from archive.removal.takedown import lift  # noqa: PLC0415 - as above

    done = lift(archive, target, given=given, reason=reason, by=by)
    if json:
        terminal.emit(document(done))
        return
    terminal.put(facts([("lifted", named(done)), ("concerns", concerned(done))]))
    if archive.count_waiting()[0]:
        terminal.say("'presskeep clean' makes its texts again")


def _show_plan(archive: Archive, target: Target, given: str, *, payload: bool, json: bool) -> None:
    from archive.removal.purge import plan  # noqa: PLC0415 - as above

    found = plan(archive, target, payload=payload)
    if json:
        terminal.emit({"target": given, "scope": "prefix" if target.prefix else "url", **_planned(found)})
    else:
        terminal.put(Group(*_plan_page(found)))


def _plan_page(found: Plan) -> list[RenderableType]:
    heirs = found.inheritance
    urls = sorted({one.url for one in found.captures})
    parts: list[RenderableType] = [Text(terminal.one_line(url)) for url in urls[:_SHOWN]]
    if len(urls) > _SHOWN:
        parts.append(Text(f"and {len(urls) - _SHOWN:,} more; --json has all of them", style="dim"))
    parts += [""] if urls else []
    parts.append(
        facts(
            [
                ("concerns", f"{count(len(found.captures), 'capture')}, {count(found.attempts, 'failed attempt')}"),
                ("a purge", f"rewrites {count(len(found.files), 'WARC file')} ({decimal(found.bytes)} of records)"),
                ("promotes", f"{count(len(heirs.promoted), 'revisit')} to responses" if heirs.heirs else ""),
                ("takes away", f"the payload of {count(len(heirs.orphans), 'revisit')}" if heirs.orphans else ""),
                ("cannot reach", _some(found.foreign)),
                ("came back", f"older copies of {_some(found.returned)}: read first" if found.returned else ""),
            ]
        )
    )
    return parts


def _purge(
    archive: Archive, target: Target, given: str, reason: str, by: str, *, payload: bool, yes: bool, json: bool
) -> None:
    from archive.crew import clean_pending  # noqa: PLC0415 - brings the extraction library: half a second
    from archive.removal.purge import plan, purge  # noqa: PLC0415 - as above

    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError("a purge cannot be undone: look at it with --dry-run, then say --yes")
        terminal.err().print(Group(*_plan_page(plan(archive, target, payload=payload))))
        if not typer.confirm("Remove this for good?", err=True):
            raise typer.Exit(1)
    with terminal.reported() as progress:
        done = purge(archive, target, given=given, reason=reason, by=by, payload=payload, progress=progress)
        if done.plan.inheritance.heirs:
            clean_pending(archive, progress=progress)
            archive.compact()
    if json:
        terminal.emit(_purged(done, given))
    else:
        heirs = done.plan.inheritance
        terminal.put(
            facts(
                [
                    ("removed", f"{count(done.records, 'record')} of {count(len(done.plan.captures), 'capture')}"),
                    ("from", f"{count(len(done.files), 'WARC file')}, now {decimal(max(done.bytes, 0))} smaller"),
                    ("promoted", count(len(heirs.promoted), "revisit") if heirs.promoted else ""),
                    ("quarantine", f"{count(len(done.quarantined), 'range')} removed" if done.quarantined else ""),
                ]
            )
        )
    for one in done.plan.foreign:
        terminal.say(
            f"NOT removed from {one}, whose records cannot be replaced one by one: they are blocked, and the bytes are "
            f"there. {_way_out(one)}"
        )
    for gap in done.damaged:
        terminal.say(
            f"warc/{gap.file}: {count(gap.length, 'byte')} at {gap.offset} cannot be read and may hold it: run "
            "'presskeep repair', then purge again"
        )
    for told in done.again:
        terminal.say(f"what an earlier purge of {told.given} had removed is there again: {told.command}")
    if done.waiting:
        terminal.say("somebody is reading the catalogue, which so keeps old pages: run the same command again later")
    if done.plan.foreign or done.damaged or done.again:
        raise typer.Exit(1)


def _way_out(file: str) -> str:
    """How the bytes go that a purge cannot remove."""
    if file.startswith(f"{ATTACHED}/"):
        return "The file is not the archive's own: see to it where it lies, or let go of it with 'presskeep detach'"
    return f"To be rid of them take warc/{file} away, then run 'presskeep rebuild'"


def _some(names: tuple[str, ...]) -> str:
    said = ", ".join(names[:_SHOWN])
    return f"{said} and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else said


def _planned(found: Plan) -> Json:
    heirs = found.inheritance
    return {
        "captures": [one.id for one in found.captures],
        "urls": sorted({one.url for one in found.captures}),
        "attempts": found.attempts,
        "files": list(found.files),
        "bytes": found.bytes,
        "promoted": [one.revisit.id for one in heirs.promoted],
        "referred": [one.revisit.id for one in heirs.heirs if one.instead is not None],
        "orphaned": [one.id for one in heirs.orphans],
        "foreign": list(found.foreign),
        "returned": list(found.returned),
    }


def _purged(done: Purged, given: str) -> Json:
    return {
        "target": given,
        **_planned(done.plan),
        "records": done.records,
        "freed": done.bytes,
        "quarantine": list(done.quarantined),
        "purge_again": [one.command for one in done.again],
        "damaged": [{"file": gap.file, "offset": gap.offset, "bytes": gap.length} for gap in done.damaged],
    }
