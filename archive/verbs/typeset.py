"""How an article and its provenance look in a terminal: text in, rich renderables out, nothing fetched or printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from archive.article import Article, BlockKind, Refusal
from archive.capture import Capture, Location
from archive.clock import to_datetime
from archive.dataset.rows import Entry, reserved_by
from archive.editing.wording import stated
from archive.terminal import counted, one_line, plain

MARGIN = 2


def moment(at: int) -> str:
    """A point in time for people: ``2026-11-24 09:30:05 UTC``."""
    return to_datetime(at).strftime("%Y-%m-%d %H:%M:%S UTC")


def date_of_page(date: str | None) -> str:
    """A page's own date, its precision and offset kept: ``2026-11-24 09:30 +01:00``."""
    return one_line(stated(date or ""))


def article_text(article: Article) -> str:
    """The article as plain text: headline, standfirst and blocks, separated by empty lines."""
    return plain("\n\n".join(part for part in (article.headline, article.standfirst, article.text) if part))


def typeset(article: Article, width: int) -> RenderableType:
    """The article as a page of at most ``width`` cells."""
    parts: list[RenderableType] = [""]
    above = " · ".join(one_line(part) for part in (article.section, article.kicker) if part)
    if above:
        parts.append(Text(above, style="cyan"))
    parts.append(Text(one_line(article.headline or "(no headline)"), style="bold"))
    if article.standfirst:
        parts += ["", Text(one_line(article.standfirst), style="italic")]
    parts.append("")
    parts += [Text(line, style="dim") for line in _credits(article)]
    for block in article.body:
        if block.text:
            parts += ["", *_block(block.kind, block.text)]
    for correction in article.corrections:
        parts += ["", Text(one_line(correction), style="italic dim")]
    return Padding(Group(*parts), (0, 0, 0, MARGIN), expand=False) if width > 20 else Group(*parts)


def _credits(article: Article) -> Iterator[str]:
    by = ", ".join(one_line(name) for name in article.byline)
    who = " · ".join(part for part in (f"By {by}" if by else "", one_line(article.agency or "")) if part)
    if who:
        yield who
    dates = []
    if article.published:
        dates.append(f"published {date_of_page(article.published)}")
    if article.modified and article.modified != article.published:
        dates.append(f"modified {date_of_page(article.modified)}")
    if dates:
        yield " · ".join(dates)
    facts = [one_line(article.language or ""), count(article.word_count, "word"), one_line(article.access or "")]
    if article.verdict != "article":
        facts.insert(0, str(article.verdict))
    yield " · ".join(fact for fact in facts if fact)


def count(number: int, noun: str) -> str:
    """A number with its noun: ``1 word``, ``1,250 words``."""
    return counted(number, noun)


def _block(kind: BlockKind, text: str) -> list[RenderableType]:
    line = Text(one_line(text))
    match kind:
        case BlockKind.SUBHEADING:
            line.stylize("bold")
        case BlockKind.LIST_ITEM:
            return [_hanging("•", line)]
        case BlockKind.QUOTE:
            line.stylize("italic")
            return [Padding(line, (0, 0, 0, 4), expand=False)]
        case BlockKind.EMBED:
            line.stylize("dim")
        case BlockKind.PARAGRAPH | BlockKind.TABLE:
            pass
    return [line]


def _hanging(mark: str, line: Text) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(mark, line)
    return grid


def refused(refusal: Refusal) -> RenderableType:
    """A refusal as a page: the verdict and its reason."""
    said = Text.assemble((str(refusal.verdict), "bold yellow"), f": {one_line(refusal.reason)}")
    return Padding(Group("", said), (0, 0, 0, MARGIN), expand=False)


@dataclass(frozen=True, slots=True)
class EditionLine:
    """One line of the list of editions."""

    number: int
    at: int
    headline: str | None
    shown: bool


def provenance(
    entry: Entry, timeline: Sequence[Capture], editions: Sequence[EditionLine], width: int
) -> RenderableType:
    """Where the text comes from: its capture and digests, then the editions and captures of its URL."""
    text, capture = entry.text, entry.capture
    grid = facts(
        [
            ("URL", capture.url),
            ("site", capture.site or ""),
            ("captured", ", ".join(filter(None, (moment(capture.at), same_as(capture))))),
            ("lies in", lies_in(capture)),
            ("its payload in", lies_in(capture.referent) if capture.referent is not None else ""),
            ("record", capture.id),
            *_pages(entry),
            ("payload", capture.payload_digest or ""),
            ("text", text.text_digest if isinstance(text, Article) else ""),
            ("identity", entry.identity),
            ("cleaner", text.provenance.cleaner),
            ("profile", text.provenance.profile),
            ("found", found(capture)),
            ("reserved", "; ".join(reserved_by(entry))),
        ]
    )
    rule = Text("─" * max(1, width - 2 * MARGIN), style="dim")  # not a Rule: a pipe has no edge where it could end
    parts: list[RenderableType] = ["", rule, "", heading("Provenance"), grid]
    if len(editions) > 1:
        parts += ["", heading(count(len(editions), "edition")), _editions(editions)]
    if timeline:
        parts += ["", heading(count(len(timeline), "capture")), captures_table(timeline)]
    return Padding(Group(*parts), (0, 0, 0, MARGIN), expand=False) if width > 20 else Group(*parts)


def _pages(entry: Entry) -> Iterator[tuple[str, str]]:
    """Of an article on several pages: where each of them lies, and why one is missing."""
    text = entry.text
    if not isinstance(text, Article):
        return
    held = {one.id: one for one in entry.beside}
    lacking = {one.url for one in text.missing}
    for one in text.further:
        name = f"page {one.number}" if one.number else "on one page"
        ref = text.provenance.captures[one.capture] if one.capture is not None else None
        if ref is not None:
            yield name, f"{one.url}, {lies_in(held[ref.id]) if ref.id in held else ref.id}"
        elif one.url in lacking:
            yield name, f"missing: {one.reason} ({one.url})"


def heading(words: str) -> Text:
    """A heading of a section below the article."""
    return Text(words, style="bold")


def facts(pairs: Iterable[tuple[str, str]]) -> Table:
    """Names and values in two columns; empty values are left out, long ones are folded, never cut."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, value in pairs:
        if value:
            grid.add_row(name, Text(one_line(value)))
    return grid


def found(capture: Capture) -> str:
    """How the crawler came upon the URL."""
    source = f"in a {capture.source}" if capture.source else ""
    return " ".join(part for part in (source, f"through {capture.via}" if capture.via else "") if part)


def same_as(capture: Capture) -> str:
    """What a revisit says: when its payload came for the first time; of a page that was drawn, that it was."""
    if capture.kind == "conversion":
        return "drawn by a browser"
    if capture.kind != "revisit":
        return ""
    at = capture.referent.at if capture.referent is not None else capture.refers_to_at
    return "the same as before" if at is None else f"the same as on {moment(at)}"


def lies_in(capture: Capture) -> str:
    """File and offset of a capture's record, for people."""
    if capture.location is None:
        return "(nowhere)"
    lost = " (lost to damage)" if capture.location.file.startswith("quarantine/") else ""
    return f"{place_of(capture.location)}{lost}"


def place_of(location: Location) -> str:
    """File and offset of a record."""
    return f"{file_of(location)}, byte {location.offset}"


def file_of(location: Location) -> str:
    """The file of a record, from the archive's directory on. What is attached lies elsewhere, under another name."""
    kept = location.file.startswith(("quarantine/", "attached/"))
    return location.file if kept else f"warc/{location.file}"


def _editions(editions: Sequence[EditionLine]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right")
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for edition in editions:
        style = "bold" if edition.shown else "dim"
        mark = "→" if edition.shown else " "
        headline = one_line(edition.headline or "(no headline)")
        grid.add_row(*(Text(cell, style=style) for cell in (f"{mark} {edition.number}", moment(edition.at), headline)))
    return grid


def captures_table(captures: Iterable[Capture]) -> RenderableType:
    """Captures, one a row below the file that they lie in: when, what came, and at which byte."""
    parts: list[RenderableType] = []
    for file, those in groupby(captures, key=lambda one: file_of(one.location) if one.location else "(nowhere)"):
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(no_wrap=True)
        grid.add_column(justify="right", no_wrap=True, style="dim")
        for capture in those:
            kind = capture.kind if capture.truncated is None else f"{capture.kind}, cut ({capture.truncated})"
            status = str(capture.status) if capture.status is not None else "?"
            place = f"byte {capture.location.offset}" if capture.location else ""
            grid.add_row(moment(capture.at), status, kind, place)
        parts += [Text(one_line(file), style="dim"), grid]
    return Group(*parts)
