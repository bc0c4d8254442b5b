"""``presskeep captures``: every fetch of a URL, with an answer or without."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from archive import terminal
from archive.capture import Capture
from archive.clock import warc_date
from archive.event import StoredAttempt
from archive.verbs.entries import Known, look_up, open_archive, redirected_to
from archive.verbs.options import ArchiveOption, JsonOption, UrlArgument
from archive.verbs.typeset import count, found, moment, place_of, same_as
from archive.verbs.words import ROLES, Json, attempt_json, capture_json, explain

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
    """The same for people: a line each in a pipe, some more in a terminal."""
    for event in _in_order(known):
        if not console.is_terminal:
            terminal.row(_cells(event))
            continue
        console.print(_answer(event) if isinstance(event, Capture) else _no_answer(event), soft_wrap=True)
        for said in _below(event):
            console.print(Text(f"    {terminal.one_line(said[:_MOST])}", style="dim"), soft_wrap=True)


def _in_order(known: Known) -> list[Capture | StoredAttempt]:
    both: list[Capture | StoredAttempt] = [*known.timeline, *known.attempts]
    return sorted(both, key=lambda event: (event.at if isinstance(event, Capture) else event.attempt.at, event.id))


def _cells(event: Capture | StoredAttempt) -> tuple[str, ...]:
    at = event.location
    place = (at.file, str(at.offset)) if at else ("", "")
    if isinstance(event, Capture):
        length = "" if event.payload_length is None else str(event.payload_length)  # 0 is said of what is known alone
        what = (str(event.status or ""), event.kind, event.mime or "", length)
        return (warc_date(event.at), *what, *place, event.id)
    attempt = event.attempt
    return (warc_date(attempt.at), str(attempt.reason), "attempt", attempt.detail, "", *place, event.id)


def _answer(capture: Capture) -> Text:
    status = capture.status or 0
    style = "green" if 200 <= status < 300 else "yellow" if status < 400 else "red"
    line = Text.assemble(moment(capture.at), "  ", (f"{status or '?'}", style))
    facts = [capture.mime or "", count(capture.payload_length, "byte") if capture.payload_length is not None else ""]
    facts.append(same_as(capture))
    facts.append(f"cut ({capture.truncated})" if capture.truncated else "")
    facts.append(f"fetched {ROLES[capture.role]}" if capture.role not in {"article", "other"} else "")
    return line.append("  " + " · ".join(terminal.one_line(fact[:_MOST]) for fact in facts if fact))


def _no_answer(stored: StoredAttempt) -> Text:
    attempt = stored.attempt
    why = terminal.one_line(explain(attempt.reason, attempt.detail)[:_MOST])
    return Text.assemble(moment(attempt.at), "  ", ("no answer", "red"), f"  {why}")


def _below(event: Capture | StoredAttempt) -> Iterator[str]:
    if isinstance(event, Capture):
        if (target := redirected_to(event)) is not None:
            yield f"→ {target}"
        if said := found(event):
            yield said
    if (at := event.location) is not None:
        yield place_of(at)
