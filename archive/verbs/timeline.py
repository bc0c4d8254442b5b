"""``presskeep captures``: every fetch of a URL, with an answer or without."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.capture import Capture
from archive.clock import warc_date
from archive.entries import Known, look_up, open_archive, redirected_to
from archive.event import StoredAttempt
from archive.typeset import count, found, lies_in, moment
from archive.verbs.options import ArchiveOption, JsonOption, UrlArgument
from archive.verbs.words import Json, attempt_json, capture_json, explain

_MOST = 2_000  # characters of a foreign text that are shown: hostile ones have megabytes


def captures(url: UrlArgument, json: JsonOption = False, archive: ArchiveOption = None) -> None:
    """List the captures of a URL.

    Fetches of it that gave no answer stand among them, in the order of time.
    """
    with open_archive(archive) as opened:
        known = look_up(opened, url)
        if json:
            for event in events(known):
                terminal.emit(event)
            return
        print_events(terminal.out(), known)
    said = count(len(known.timeline), "capture")
    terminal.say(f"{said}, {count(len(known.attempts), 'failed attempt')}" if known.attempts else said)


def events(known: Known) -> Iterator[Json]:
    """Captures and attempts as JSON, in the order of time."""
    for event in _in_order(known):
        yield capture_json(event) if isinstance(event, Capture) else attempt_json(event)


def print_events(console: Console, known: Known) -> None:
    """The same for people: a line each in a pipe, two or three in a terminal."""
    for event in _in_order(known):
        if console.is_terminal:
            console.print(_block(event))
        else:
            console.print("\t".join(terminal.one_line(cell) for cell in _cells(event)), soft_wrap=True)


def _in_order(known: Known) -> list[Capture | StoredAttempt]:
    both: list[Capture | StoredAttempt] = [*known.timeline, *known.attempts]
    return sorted(both, key=lambda event: (event.at if isinstance(event, Capture) else event.attempt.at, event.id))


def _cells(event: Capture | StoredAttempt) -> tuple[str, ...]:
    at = event.location
    place = (at.file, str(at.offset)) if at else ("", "")
    if isinstance(event, Capture):
        what = (str(event.status or ""), event.kind, event.mime or "", str(event.payload_length or 0))
        return (warc_date(event.at), *what, *place, event.id)
    attempt = event.attempt
    return (warc_date(attempt.at), str(attempt.reason), "attempt", attempt.detail, "", *place, event.id)


def _block(event: Capture | StoredAttempt) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    if isinstance(event, Capture):
        grid.add_row(moment(event.at), Group(_answer(event), *_below(event)))
    else:
        attempt = event.attempt
        said = Text("no answer", style="red")
        said.append(f"  {terminal.one_line(explain(attempt.reason, attempt.detail)[:_MOST])}", style="default")
        at = event.location
        below = [Text(terminal.one_line(f"warc/{at.file}, byte {at.offset}"), style="dim")] if at else []
        grid.add_row(moment(attempt.at), Group(said, *below))
    return grid


def _answer(capture: Capture) -> Text:
    status = capture.status or 0
    line = Text(f"{status or '?'}", style="green" if 200 <= status < 300 else "yellow" if status < 400 else "red")
    facts = [capture.mime or "", f"{capture.payload_length:,} bytes" if capture.payload_length is not None else ""]
    facts.append("payload as before (revisit)" if capture.kind == "revisit" else "")
    facts.append(f"cut ({capture.truncated})" if capture.truncated else "")
    facts.append(f"fetched as {capture.role}" if capture.role not in {"article", "other"} else "")
    line.append("  " + " · ".join(terminal.one_line(fact[:_MOST]) for fact in facts if fact), style="default")
    return line


def _below(capture: Capture) -> Iterator[Text]:
    target = redirected_to(capture)
    for said in (f"→ {target}" if target else "", found(capture), lies_in(capture)):
        if said:
            yield Text(terminal.one_line(said[:_MOST]), style="dim")
