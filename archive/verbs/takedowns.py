"""Takedowns as they are shown: one, or all of an archive with what was decided and done about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.text import Text

from archive import terminal
from archive.clock import to_datetime, warc_date
from archive.verbs.typeset import count, facts
from archive.verbs.words import Json

if TYPE_CHECKING:
    from archive.event import Act
    from archive.removal.takedown import Takedown
    from archive.store import Archive

_DONE = {"takedown": "taken down", "lift": "lifted", "purge": "a purge was begun", "purged": "purged"}


def show_all(archive: Archive, *, json: bool) -> None:
    """All takedowns of an archive, and what is to be done about them."""
    from archive.removal.purges import unfinished  # noqa: PLC0415 - SQL takes 0.3 s to import: help and usage errors need none
    from archive.removal.returned import to_purge_again  # noqa: PLC0415 - as above
    from archive.removal.takedown import listed  # noqa: PLC0415 - as above

    found = listed(archive)
    if json:
        for one in found:
            terminal.emit(document(one))
    elif found:
        terminal.put(Group(*_page(found)))
    else:
        terminal.say("nothing was taken down")
    for purge in unfinished(archive):
        terminal.say(f"a purge was interrupted, and goes on with: {purge.command}")
    for purge, files in to_purge_again(archive):
        where = ", ".join(f"warc/{file}" for file in files)
        terminal.say(f"what was purged of {purge.given} is there again, in {where}; purge again: {purge.command}")


def named(one: Takedown) -> str:
    """What is taken down."""
    return f"{one.given} and all below it" if one.target.prefix else one.given


def concerned(one: Takedown) -> str:
    """What of it the archive has."""
    return f"{count(one.captures, 'capture')}, {count(one.attempts, 'failed attempt')} in the archive"


def reason_of(act: Act) -> str:
    """Why, on one line."""
    return terminal.one_line(act.first("reason") or "")


def document(one: Takedown) -> Json:
    """A takedown for machines."""
    ended = one.lifted
    purged = [each.ended for each in one.purges if each.ended is not None]
    return {
        "target": one.given,
        "scope": "prefix" if one.target.prefix else "url",
        "key": one.target.key,
        "active": ended is None,
        "act": one.act.id,
        "taken_down_at": warc_date(one.since),
        "reason": one.act.first("reason"),
        "by": one.act.first("by"),
        "lifted_at": warc_date(ended.at) if ended else None,
        "lifted_reason": ended.first("reason") if ended else None,
        "lifted_by": ended.first("by") if ended else None,
        "purged_at": warc_date(purged[-1].at) if purged else None,
        "captures": one.captures,
        "attempts": one.attempts,
        "history": [_line(act) for act in one.history],
    }


def _line(act: Act) -> Json:
    said: Json = {"act": act.act, "id": act.id, "at": warc_date(act.at)}
    said |= {name: value for name in ("reason", "by", "payload") if (value := act.first(name)) is not None}
    return said | {name: int(value) for name in ("records", "bytes") if (value := act.first(name)) is not None}


def _page(found: tuple[Takedown, ...]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for one in found:
        ended = one.lifted
        rows = [
            ("since", _when(one.since)),
            ("reason", reason_of(one.act)),
            ("by", one.act.first("by") or ""),
            ("lifted", f"{_when(ended.at)}, {reason_of(ended)}" if ended else ""),
            ("concerns", concerned(one)),
        ]
        if len(one.history) > 1:
            rows += [("history" if act is one.history[0] else " ", _told(act)) for act in one.history]
        parts += [Text(terminal.one_line(named(one)), style="dim" if ended else "bold"), facts(rows), ""]
    return parts[:-1]


def _told(act: Act) -> str:
    """An act of a takedown's history, on one line."""
    said = f"{_when(act.at)}  {_DONE[act.act]}"
    if act.act == "purged":
        said += f": {count(int(act.first('records') or 0), 'record')}, {decimal(max(int(act.first('bytes') or 0), 0))}"
    else:
        said += f": {act.first('reason') or ''}"
    by = act.first("by")
    return f"{said} ({by})" if by else said


def _when(at: int) -> str:
    return f"{to_datetime(at):%Y-%m-%d %H:%M} UTC"
