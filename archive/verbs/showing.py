"""``presskeep show``: an article and where it comes from; or why there is none."""

from __future__ import annotations

import json as json_format
import sys
from typing import Annotated

import typer

from archive import terminal
from archive.article import Article, canonical_json
from archive.capture import Capture
from archive.clock import warc_date
from archive.dataset.rows import PRESSKEEP, Entry, json_value
from archive.errors import NotFound, UsageError
from archive.exchange import Role
from archive.terminal import TEXT_WIDTH, one_line
from archive.verbs.entries import Known, capture_at, entry_at, look_up, meant, open_archive, redirected_to
from archive.verbs.ledgers import Told, document, ledger_at, rows, table
from archive.verbs.options import ArchiveOption, AtOption, CleanerOption, JsonOption, UrlArgument, point
from archive.verbs.timeline import events, print_events
from archive.verbs.typeset import EditionLine, article_text, count, moment, provenance, refused, typeset
from archive.verbs.words import ROLES, Json, explain


def show(
    url: UrlArgument,
    at: AtOption = None,
    text: Annotated[bool, typer.Option("--text", help="Only headline, standfirst and body, as plain text.")] = False,
    cite: Annotated[bool, typer.Option("--cite", help="Only how it is cited, in one line.")] = False,
    payload: Annotated[
        bool, typer.Option("--payload", help="Only the captured page's own bytes, decoded: what 'prove' counts in.")
    ] = False,
    ledger: Annotated[
        bool, typer.Option("--ledger", help="What of the page was left out of the text, and why; also with --json.")
    ] = False,
    cleaner: CleanerOption = None,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Show an article and where it comes from.

    Of a page that gave no article, it shows why.
    """
    if text + cite + payload + (json or ledger) > 1:
        raise UsageError("--text, --cite, --payload and --json or --ledger exclude each other: choose one")
    when = point(at, "--at")
    with open_archive(archive) as opened:
        known = look_up(opened, url, meant(opened, cleaner))
        if ledger:
            _print_ledger(ledger_at(opened, known, when), json=json)
            return
        if payload:
            _write_payload(known, when)
            return
        entry = entry_at(known.entries, when) if known.entries else None
        if json:
            terminal.emit(_document(known, entry, when))
        elif cite:
            from archive.replay.pages.words import citation  # noqa: PLC0415 - brings SQL

            article, capture = _article(known, entry)
            terminal.out().print(one_line(citation(article, capture, opened.configuration.name)), soft_wrap=True)
        elif text:
            terminal.out().print(article_text(_article(known, entry)[0]), soft_wrap=True)
        elif entry is not None:
            _print_entry(known, entry)
        else:
            _print_events(known, when)


def why_no_text(known: Known, at: int | None = None) -> str:
    """Why a URL has no text at all, in one line that says what to do next."""
    if not known.timeline:
        last = known.attempts[-1].attempt
        return f"it could not be fetched: {explain(last.reason, last.detail)}"
    capture = capture_at(known.timeline, at)
    if (target := redirected_to(capture)) is not None:
        return f"it redirects: run 'presskeep show {terminal.one_line(target)}'"
    if capture.status is not None and (capture.status < 200 or 300 <= capture.status < 400):
        return f"the answer was {capture.status}, which has no page"
    if capture.role is Role.FURTHER and capture.via is not None:
        return f"it is a further page of an article: run 'presskeep show {terminal.one_line(capture.via)}'"
    if str(capture.role) not in {"article", "other"}:
        return f"it was fetched {ROLES[capture.role]}, not as an article: 'presskeep captures' lists it"
    return "it is not cleaned yet: run 'presskeep clean'"


def _print_ledger(told: Told, *, json: bool) -> None:
    if json:
        terminal.emit(document(told))
        return
    console = terminal.out()
    if console.is_terminal:
        console.print(table(told.ledger, console.width))
    else:
        for cells in rows(one for one in told.ledger.entries if not one.kept):
            terminal.row(cells)
    if told.remark:
        terminal.say(told.remark)


def _article(known: Known, entry: Entry | None) -> tuple[Article, Capture]:
    if entry is None:
        raise NotFound(f"there is no text of {known.url}: {why_no_text(known)}")
    if not isinstance(entry.text, Article):
        raise NotFound(f"there is no text of {known.url}: {entry.text.verdict}: {terminal.one_line(entry.text.reason)}")
    return entry.text, entry.capture


def _print_entry(known: Known, entry: Entry) -> None:
    console = terminal.out()
    width = min(console.width, TEXT_WIDTH)
    page = typeset(entry.text, width) if isinstance(entry.text, Article) else refused(entry.text)
    terminal.put(page, width)
    terminal.put(provenance(entry, known.timeline, _editions(known, entry), width))
    if known.attempts:
        console.print()
        terminal.say(f"{count(len(known.attempts), 'fetch')} of it gave no answer: 'presskeep captures URL' lists them")
    latest = known.entries[-1]
    if latest.capture.at > entry.capture.at and not isinstance(latest.text, Article):
        said = terminal.one_line(latest.text.reason)
        terminal.say(f"the latest capture ({moment(latest.capture.at)}) gave no article: {latest.text.verdict}: {said}")


def _print_events(known: Known, at: int | None) -> None:
    console = terminal.out()
    console.print(f"No text of {terminal.one_line(known.url)}: {terminal.one_line(why_no_text(known, at))}")
    console.print()
    print_events(console, known)


def _editions(known: Known, shown: Entry) -> list[EditionLine]:
    """The editions of the shown text's site and URL, each at its first capture."""
    lines: dict[int, EditionLine] = {}
    for entry in known.entries:
        if entry.edition is None or entry.capture.site != shown.capture.site or entry.edition in lines:
            continue
        headline = entry.text.headline if isinstance(entry.text, Article) else None
        lines[entry.edition] = EditionLine(entry.edition, entry.capture.at, headline, entry.edition == shown.edition)
    return [lines[number] for number in sorted(lines)]


def _document(known: Known, entry: Entry | None, at: int | None) -> Json:
    shared: Json = {"events": list(events(known))}
    if entry is None:
        return {"type": "none", "url": known.url, "reason": why_no_text(known, at), **shared}
    row = PRESSKEEP.row(entry)
    return {
        "type": "article" if isinstance(entry.text, Article) else "refusal",
        **{column.name: json_value(column, row[column.name]) for column in PRESSKEEP.columns},
        "edition_list": [
            {"edition": one.number, "captured_at": warc_date(one.at), "headline": one.headline}
            for one in _editions(known, entry)
        ],
        **shared,
        "canonical": json_format.loads(canonical_json(entry.text)),
    }


def _write_payload(known: Known, at: int | None) -> None:
    if not known.timeline:
        raise NotFound(f"there are no bytes of {known.url}: {why_no_text(known)}")
    capture = entry_at(known.entries, at).capture if known.entries else capture_at(known.timeline, at)
    payload = capture.payload()
    sys.stdout.flush()
    sys.stdout.buffer.write(payload)
    sys.stdout.buffer.flush()
