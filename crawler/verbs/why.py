"""``presskeep why``: found, normalised, due, refused, captured and cleaned how: one address explained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from archive import terminal
from archive.clock import warc_date
from archive.verbs.entries import address, open_archive
from archive.verbs.options import ArchiveOption, JsonOption, UrlArgument
from archive.verbs.typeset import captures_table, count, facts, heading, moment
from archive.verbs.words import attempt_json, capture_json
from archive.verbs.words import explain as in_words

if TYPE_CHECKING:
    from archive.capture import Capture
    from archive.exchange import Origin
    from crawler.requisites.known import Known
    from crawler.why import Cleaned, Explanation, Waiting

_MOST = 20  # of captures, attempts and spellings that a page shows
# What sources are called; others are "in a feed", "in a sitemap".
_WHERE = {
    **{"front": "on the front page", "section": "on a section page", "redirect": "through a redirect"},
    "canonical": "as the article's own address, on a twin",
    **{"watch": "followed by 'presskeep watch'", "spider": "by the site's own spider", "seed": "as the site's start"},
    **{"further": "as a further page of the article", "page": "on a page"},
    "absent": "to see what the site answers where it has no page",
    "backfill": "by the backfill of its site",
}
_NEXT = {"due": "with the next visit", "backfill": "with the backfill"}
Section = tuple[str, list[tuple[str, str]]]


def why(url: UrlArgument, json: JsonOption = False, archive: ArchiveOption = None) -> None:
    """Explain one address: found, normalised, due, refused, captured and cleaned how.

    Nothing is fetched. An address that nobody saw gets the answer what would happen to it.
    """
    from crawler.why import explain  # noqa: PLC0415 - help needs neither SQL nor pydantic

    whole = address(url)
    with open_archive(archive) as opened:
        found = explain(opened, whole)
        if json:
            terminal.emit(document(found))
        elif terminal.out().is_terminal:
            terminal.out().print(page(found))
        else:
            terminal.row(("answer", "", found.answer))
            for title, pairs in sections(found):
                for name, value in pairs:
                    terminal.row((title, name, value))


def page(found: Explanation) -> RenderableType:
    """The explanation as a page for a terminal."""
    parts: list[RenderableType] = ["", Text(terminal.one_line(found.url), style="bold")]
    parts.append(Text(terminal.one_line(found.answer), style="red" if _barred(found) else "green"))
    for title, pairs in sections(found):
        if title != "captured":
            parts += ["", heading(title.capitalize()), facts(pairs)]
        elif found.captures:
            shown = found.captures[-_MOST:]
            parts += ["", heading(count(len(found.captures), "capture")), captures_table(shown)]
    return Padding(Group(*parts, ""), (0, 0, 0, 2), expand=False)


def _barred(found: Explanation) -> bool:
    if found.requisite:
        return found.taken_down or found.requisite[0].state not in {"due", "done"}
    return found.taken_down or found.site is None or found.refused is not None or found.robots.allowed is False


def sections(found: Explanation) -> Iterator[Section]:
    """What is told, by what it is about: names and values; none is empty."""
    yield "found", list(_found(found)) or [("", "no source has announced it, and nobody has asked for it")]
    shape = found.normalised
    pairs = [("key", shape.key), *(("dropped", one) for one in shape.dropped), *(("", one) for one in shape.changes)]
    spelt = shape.spellings[:_MOST]
    yield "normalised", [*pairs, *(("also written", one) for one in spelt)]
    yield "belongs to", [("site", found.site or "none"), ("", found.scope)]
    rules = [("taken down", "yes" if found.taken_down else "no")]
    rules.append(("scope and traps", found.refused or ("nothing against it" if found.site else "no site to judge by")))
    asked = f" (as of {moment(found.robots.at)})" if found.robots.at else ""
    yield "refused by", [*rules, ("robots.txt", f"{found.robots.said}{asked}")]
    if pairs := list(_twin(found)):
        yield "twins", pairs
    for row in found.frontier:
        yield "due", list(_due(row))
    for part in found.requisite:
        yield "part of a page", list(_part(part))
    if found.parts:
        yield "refers to", [(str(phase), f"{number:,}") for phase, number in found.parts]
    for shelf in found.shelves:
        when = f" ({moment(shelf.at)})" if shelf.at else ""
        yield "backfill", [("site", shelf.site), (shelf.kind, f"{shelf.state}{when}"), ("why", shelf.reason or "–")]
    if found.captures:
        told = [(moment(one.at), f"{one.status or '?'} {one.kind} {one.mime or ''}".strip()) for one in found.captures]
        yield "captured", told
    attempts = [
        (moment(one.attempt.at), in_words(one.attempt.reason, one.attempt.detail)) for one in found.attempts[-_MOST:]
    ]
    if attempts:
        yield "without an answer", attempts
    cleaned = [(moment(one.at), _text(one)) for one in found.texts]
    cleaned += [
        (moment(one.at), f"not cleaned: {in_words(f'cleaning-{one.reason}', one.detail)} ({count(one.tries, 'try')})")
        for one in found.failures
    ]
    if cleaned:
        yield "cleaned", cleaned
    elif any(one.role != "requisite" for one in found.captures):
        yield "cleaned", [("", "not so far: 'presskeep clean' makes the texts of pages that are articles")]


def _found(found: Explanation) -> Iterator[tuple[str, str]]:
    """How it was found first, and how the frontier has it now."""
    events: list[tuple[int, Capture | Origin]] = [(one.at, one) for one in found.captures]
    events += [(one.attempt.at, one.attempt.origin) for one in found.attempts]
    ways: dict[tuple[str, str, str, str], int] = {}
    for at, one in sorted(events, key=lambda pair: pair[0]):
        ways.setdefault((one.source or "", one.via or "", one.hops, one.announced or ""), at)
    for row in found.frontier:
        ways.setdefault((row.source or "", row.via or "", row.hops, row.announced or ""), 0)
    for (source, via, hops, announced), at in ways.items():
        said = [_WHERE.get(source, f"in a {source}") if source else "nobody noted how", f"at {via}" if via else ""]
        said += [f"hops {hops}" if hops else "", f"dated {announced}" if announced else ""]
        yield (moment(at) if at else "in the frontier"), " · ".join(one for one in said if one)


def _twin(found: Explanation) -> Iterator[tuple[str, str]]:
    twin = found.twin
    if twin.own is not None:
        said = f"a twin ({twin.form}) of" if twin.stands else f"no twin ({twin.form}), though it says so, of"
        yield said, twin.own
        yield "", twin.said
    for one in twin.twins[:_MOST]:
        yield "looked at in place of", one


def _due(row: Waiting) -> Iterator[tuple[str, str]]:
    yield "site", row.site
    yield "state", row.state
    yield "next", moment(row.next) if row.next else _NEXT.get(row.state, "never")
    if row.tries:
        yield "failures", count(row.tries, "crawl")
    if row.reason:
        yield "reason", row.reason
    if row.verdict:
        yield "it is", row.verdict
    if row.watch:
        yield "watched", row.watch
    if row.edited:
        yield "edited last", moment(row.edited)


def _part(one: Known) -> Iterator[tuple[str, str]]:
    yield "site", one.site
    yield "kind", one.kind
    yield "page", one.page
    yield "found at", one.via
    yield "state", str(one.state)
    if one.state == "due":
        yield "next", moment(one.next) if one.next else "with the next visit"
    if one.tries:
        yield "failures", f"{one.tries:,}"
    if one.reason:
        yield "reason", one.reason


def _text(one: Cleaned) -> str:
    if one.edition is None:
        return f"{one.verdict}: {one.reason} · cleaner {one.cleaner}"
    return f"{one.verdict}, edition {one.edition} of {one.editions}, {count(one.words, 'word')} · cleaner {one.cleaner}"


def document(found: Explanation) -> dict[str, object]:
    """The explanation as JSON."""

    def when(at: int | None) -> str | None:
        return warc_date(at) if at else None

    shape, robots, twin = found.normalised, found.robots, found.twin
    return {
        "url": found.url,
        "answer": found.answer,
        "key": shape.key,
        "dropped": shape.dropped,
        "changes": shape.changes,
        "spellings": shape.spellings,
        "site": found.site,
        "scope": found.scope,
        "refused": found.refused,
        "taken_down": found.taken_down,
        "robots": {
            **{"allowed": robots.allowed, "said": robots.said, "at": when(robots.at)},
            **{"line": robots.line, "number": robots.number},
        },
        "frontier": [
            {
                **{"site": row.site, "state": row.state, "announced": row.announced, "via": row.via},
                **{"source": row.source, "hops": row.hops, "tries": row.tries, "reason": row.reason},
                **{"at": when(row.at), "captured": when(row.captured), "edited": when(row.edited)},
                **{"watch": row.watch, "next": when(row.next), "verdict": row.verdict},
            }
            for row in found.frontier
        ],
        "twin": {
            **{"form": twin.form, "of": twin.own, "stands": twin.stands, "said": twin.said},
            "twins": twin.twins,
        },
        "requisite": [
            {
                **{"site": one.site, "state": one.state, "kind": one.kind, "page": one.page, "via": one.via},
                **{"tries": one.tries, "reason": one.reason, "at": when(one.at or None)},
                "next": when(one.next or None),
            }
            for one in found.requisite
        ],
        "parts": {str(phase): number for phase, number in found.parts},
        "backfill": [
            {
                **{"site": one.site, "kind": one.kind, "state": one.state, "via": one.via, "reason": one.reason},
                "at": when(one.at),
            }
            for one in found.shelves
        ],
        "events": [
            *(capture_json(one) for one in found.captures),
            *(attempt_json(one) for one in found.attempts),
        ],
        "texts": [
            {
                **{"capture": one.capture, "at": when(one.at), "verdict": one.verdict, "reason": one.reason},
                **{"edition": one.edition, "editions": one.editions, "words": one.words, "cleaner": one.cleaner},
            }
            for one in found.texts
        ],
        "failures": [
            {"at": when(one.at), "reason": one.reason, "detail": one.detail, "tries": one.tries}
            for one in found.failures
        ],
    }
