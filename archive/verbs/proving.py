"""``presskeep prove``: an article followed, sentence by sentence, to the bytes that came over the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.article import Article
from archive.capture import Capture
from archive.dataset.rows import Entry
from archive.errors import DamagedRecord, NotFound, NotReadable
from archive.verbs.entries import entry_at, look_up, open_archive
from archive.verbs.options import ArchiveOption, AtOption, JsonOption, UrlArgument, point
from archive.verbs.showing import why_no_text
from archive.verbs.typeset import MARGIN, count, heading, moment, place_of
from archive.verbs.words import Json

if TYPE_CHECKING:
    from archive.prove import Claim, Link, Place, Proof
    from archive.store import Archive

_MOST = 400  # characters of a value that are shown: a hostile one has megabytes
_ROOMY = 72  # columns; below, sentences stand under their places
_MARKS = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("·", "yellow")}
_SENTENCES = {"headline", "standfirst", "body"}
_UNREAD = ("?", "bold yellow")
_PAGES = {"further-page": ", a further page,", "single-page": ", which has all of it on one page,"}
_WORDS = {True: "holds", False: "fails", None: "open"}


def prove(url: UrlArgument, at: AtOption = None, json: JsonOption = False, archive: ArchiveOption = None) -> None:
    """Follow each sentence of an article to its bytes.

    Exit code 6 if a sentence, a value or a capture does not hold, 8 if a capture cannot be read.
    """
    from archive.prove import prove as follow  # noqa: PLC0415 - brings the extraction library: half a second

    when = point(at, "--at")
    with open_archive(archive) as opened:
        known = look_up(opened, url)
        if not known.entries:
            raise NotFound(f"there is no article of {known.url} to prove: {why_no_text(known, when)}")
        entry = entry_at(known.entries, when)
        if not isinstance(entry.text, Article):
            said = f"{entry.text.verdict}: {terminal.one_line(entry.text.reason)}"
            raise NotFound(f"there is no article of {known.url} to prove: {said}")
        proof = follow(entry.text, _captures(opened, entry.text))
    if json:
        terminal.emit(_document(entry, proof))
    else:
        _print(terminal.out(), entry, proof)
        if proof.links[0].ref.role == "drawn":
            terminal.say("the page is as a browser drew it from what was captured: its record names that, one by one")
        if not proof.same_cleaner:
            terminal.say(f"made by the cleaner {entry.text.provenance.cleaner}, which is not installed here")
    if proof.fails:
        raise DamagedRecord(
            f"{_failed(proof)}: run 'presskeep verify', and 'presskeep rebuild' where it finds the WARC files whole"
        )
    if not proof.holds:
        raise NotReadable(f"{_unread(proof)}: what to do stands beside the reason")


def _captures(archive: Archive, article: Article) -> list[Capture]:
    """The captures that the article names, without those that the archive does not have."""
    found = []
    for ref in article.provenance.captures:
        try:
            found.append(archive.capture(ref.id))
        except NotFound:  # the proof says so, at its place in the chain
            continue
    return found


def _failed(proof: Proof) -> str:
    links = sum(link.read and not link.holds for link in proof.links)
    claims = sum(claim.holds is False for claim in proof.claims)
    parts = [count(links, "capture")] if links else []
    parts += [f"{claims:,} of {count(len(proof.claims), 'claim')}"] if claims else []
    return f"{' and '.join(parts)} could not be proved"


def _unread(proof: Proof) -> str:
    links = sum(not link.read for link in proof.links)
    claims = sum(not claim.checked for claim in proof.claims)
    checked = f", so {claims:,} of {count(len(proof.claims), 'claim')} could not be checked" if claims else ""
    return f"{count(links, 'capture')} cannot be read{checked}"


def _print(console: Console, entry: Entry, proof: Proof) -> None:
    if not console.is_terminal:
        for link in proof.links:
            if not link.read:
                terminal.row(_unread_cells(link))
        for claim in proof.claims:
            terminal.row(_cells(claim, proof))
        return
    checked = [claim for claim in proof.claims if claim.checked]
    sentences = [claim for claim in checked if claim.field in _SENTENCES]
    values = [claim for claim in checked if claim.field not in _SENTENCES]
    parts: list[RenderableType] = [""]
    for number, link in enumerate(proof.links):
        parts += [_link(number, link, many=len(proof.links) > 1), ""]
    parts += (
        [heading(count(len(sentences), "sentence")), _table(sentences, proof, console.width), ""] if sentences else []
    )
    parts += [heading(count(len(values), "value")), _table(values, proof, console.width), ""] if values else []
    parts.append(_verdict(proof))
    console.print(Padding(Group(*parts), (0, 0, 0, MARGIN)))


def _link(number: int, link: Link, *, many: bool) -> RenderableType:
    mark, style = _MARKS[link.holds] if link.read else _UNREAD
    name = f"capture {number + 1}" if many else "capture"
    if link.ref.role == "payload":
        name += ", which holds the payload,"
    name += _PAGES.get(link.ref.role.removesuffix("-drawn"), "")
    if link.ref.role.endswith("drawn"):
        name += " as a browser drew it from what was captured,"
    at = place_of(link.location) if link.location else "nowhere in the archive"
    below = [Text(moment(link.ref.at), style="dim"), Text(terminal.one_line(at), style="dim")]
    if link.holds:
        size = f"{count(link.entity_length or 0, 'byte')} stored, {count(link.decoded_length or 0, 'byte')} decoded"
        below.append(Text(f"{size}, {link.charset}; the digest agrees", style="dim"))
    else:
        said = link.reason[:_MOST] if link.read else f"cannot be read: {link.reason[: 2 * _MOST]}"
        below.append(Text(terminal.one_line(said), style=style))
    return _marked(Text(mark, style=style), Text(f"{name} of {terminal.one_line(link.ref.url)}"), *below)


def _marked(mark: Text, *lines: Text) -> RenderableType:
    """Lines beside a mark, however often they wrap."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(mark, Group(*lines))
    return grid


def _table(claims: list[Claim], proof: Proof, width: int) -> RenderableType:
    if width < _ROOMY:
        return Group(*(_stacked(claim, proof) for claim in claims))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(no_wrap=True, style="dim", justify="right")
    grid.add_column(overflow="fold")
    for claim in claims:
        mark, style = _MARKS[claim.holds]
        grid.add_row(Text(mark, style=style), _name(claim), _first_place(claim, proof), _sentence(claim))
    return grid


def _stacked(claim: Claim, proof: Proof) -> RenderableType:
    """A claim where there is no room for columns."""
    mark, style = _MARKS[claim.holds]
    where = "  ".join(part for part in (_name(claim), _first_place(claim, proof)) if part)
    return _marked(Text(mark, style=style), Text(where, style="dim"), _sentence(claim))


def _first_place(claim: Claim, proof: Proof) -> str:
    return _where(claim.places[0], proof) if claim.places else ""


def _sentence(claim: Claim) -> Text:
    said = Text(terminal.shorten(terminal.one_line(claim.text[: _MOST * 4]), _MOST))
    if claim.reason:
        said.append(f"  ({terminal.one_line(claim.reason[:_MOST])})", style=_MARKS[claim.holds][1])
    return said


def _name(claim: Claim) -> str:
    return claim.field if claim.block is None else f"block {claim.block + 1}"


def _where(place: Place, proof: Proof) -> str:
    line = f"line {place.line}" if place.line is not None else "no line"
    byte = f", byte {place.byte}" if place.byte is not None else ""
    if len(proof.links) == 1:
        return f"{line}{byte}"
    return f"{proof.links.index(proof.holder(place.source)) + 1}: {line}{byte}"


def _verdict(proof: Proof) -> RenderableType:
    if proof.fails:
        mark, style, said = "✗", "bold red", _failed(proof)
    elif not proof.holds:
        mark, style, said = *_UNREAD, _unread(proof)
    else:
        held = Counter(claim.field in _SENTENCES for claim in proof.claims if claim.holds)
        left = sum(claim.holds is None for claim in proof.claims)
        said = f"{count(held[True], 'sentence')} and {count(held[False], 'value')} stand in the captured bytes"
        mark, style, said = "✓", "bold green", said + (f"; {left:,} left open" if left else "")
    return _marked(Text(mark, style=style), Text(said, style=style))


def _cells(claim: Claim, proof: Proof) -> Iterator[str]:
    place = claim.places[0] if claim.places else None
    location = proof.holder(place.source).location if place else None
    yield _WORDS[claim.holds] if claim.checked else "not checked"
    yield _name(claim)
    yield location.file if location else ""
    yield str(location.offset) if location else ""
    yield str(place.line) if place and place.line is not None else ""
    yield str(place.byte) if place and place.byte is not None else ""
    yield claim.text
    yield claim.reason


def _unread_cells(link: Link) -> Iterator[str]:
    yield "cannot be read"
    yield "capture"
    yield link.location.file if link.location else ""
    yield str(link.location.offset) if link.location else ""
    yield from ("", "", link.ref.url, link.reason)


def _document(entry: Entry, proof: Proof) -> Json:
    return {
        "url": entry.capture.url,
        "identity": entry.identity,
        "cleaner": entry.text.provenance.cleaner,
        "same_cleaner": proof.same_cleaner,
        "holds": proof.holds,
        "fails": proof.fails,
        "captures": [asdict(link) for link in proof.links],
        "claims": [asdict(claim) for claim in proof.claims],
    }
