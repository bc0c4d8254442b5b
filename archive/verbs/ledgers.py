"""Ledgers at the command line: made anew from an archive's captures or a file, and set as tables and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.article import Article, Refusal, canonical_json, identity
from archive.capture import Capture
from archive.clock import warc_date
from archive.dataset.rows import Entry
from archive.errors import NotFound
from archive.verbs.entries import Known, capture_at, entry_at
from archive.verbs.typeset import MARGIN, count, heading
from archive.verbs.words import Json

if TYPE_CHECKING:
    from archive.cleaning.ledger import Ledger, LedgerEntry
    from archive.store import Archive

_TEXT, _EVIDENCE, _PATH = 240, 200, 60  # characters that are shown of each: hostile ones have megabytes
_ROOMY = 72  # columns; below, what tells of a text stands under it
_MOST = 4_000  # rows on a terminal; --json has all
_STYLES = {
    **dict.fromkeys(("advertisement", "subscription", "newsletter", "consent"), "red"),
    **dict.fromkeys(("related", "recirculation", "tags", "navigation", "share", "form"), "blue"),
    **dict.fromkeys(("caption", "credit", "media", "comments"), "green"),
    **dict.fromkeys(("author-box", "byline", "date", "kicker"), "magenta"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A ledger with the capture that it was made of, and what is to be said of it."""

    ledger: Ledger
    capture: Capture
    remark: str = ""  # in what the text that is stored differs from the one that the ledger tells of


def ledger_at(archive: Archive, known: Known, at: int | None) -> Told:
    """The ledger of the capture that ``show`` would show; raises NotFound where nothing was captured."""
    from archive.catalogue.revisits import followed  # noqa: PLC0415 - SQL takes 0.3 s to import
    from archive.cleaning.ledger import ledger  # noqa: PLC0415 - brings the extraction library: half a second
    from archive.profiles import Profiles  # noqa: PLC0415 - the same

    if not known.timeline:
        raise NotFound(f"nothing of {known.url} was captured: 'presskeep captures' lists the attempts")
    entry = entry_at(known.entries, at) if known.entries else None
    if entry is not None:
        # As the text names them: of a revisit, also the capture that holds its payload.
        captures = [archive.capture(one.id) for one in entry.text.provenance.captures]
    else:
        captures = [followed(archive.catalog, archive.warc_path, capture_at(known.timeline, at))]
    profiles = Profiles(archive.catalog)
    profile = profiles.named(entry.text.provenance.profile) if entry is not None else None
    made = ledger(captures, profile if profile is not None else profiles.of(captures[0]))
    return Told(made, captures[0], _difference(entry, made.text) if entry is not None else "")


def _difference(entry: Entry, text: Article | Refusal) -> str:
    if entry.identity == identity(canonical_json(text)):
        return ""
    stored = entry.text.provenance
    if stored.cleaner != text.provenance.cleaner:
        return (
            f"the stored text was made by the cleaner {stored.cleaner}, which is not installed here: "
            f"this is what {text.provenance.cleaner} does"
        )
    if stored.profile != text.provenance.profile:
        return f"the stored text was made by the profile {stored.profile}, which the archive does not have"
    return "the stored text is another one: run 'presskeep verify --deep'"


def document(told: Told) -> Json:
    """A ledger as JSON: what it is of, its verdict, its counts, and every entry."""
    ledger, capture = told.ledger, told.capture
    text = ledger.text
    return {
        "type": "ledger",
        "url": capture.url,
        "capture": capture.id,
        "captured_at": warc_date(capture.at),
        "cleaner": text.provenance.cleaner,
        "profile": text.provenance.profile,
        "verdict": str(text.verdict),
        "reason": reason(text),
        "remark": told.remark,
        "counts": ledger.counts(),
        "entries": [asdict(one) for one in ledger.entries],
    }


def reason(text: Article | Refusal) -> str:
    """Why a text has its verdict; empty for an ordinary article."""
    if isinstance(text, Refusal):
        return text.reason
    return "; ".join(one.rule for one in text.evidence if one.field == "verdict" and one.chosen)


def rows(entries: Iterable[LedgerEntry]) -> Iterator[tuple[str, ...]]:
    """Entries as the fields of lines in a pipe."""
    for one in entries:
        state = "kept" if one.kept else "left out"
        yield (state, one.kind, str(one.rule), one.path, one.hidden, " · ".join(one.evidence), one.text)


def table(ledger: Ledger, width: int) -> RenderableType:
    """What was left out, in the order of the page: its class, its words, its place, and what decided."""
    left = [one for one in ledger.entries if not one.kept]
    parts: list[RenderableType] = ["", heading(f"Left out: {count(len(left), 'block')}"), _summary(ledger, kept=False)]
    parts += [""] if left else []
    narrow = width < _ROOMY
    grid = Table.grid(padding=(0, 2, 0, 0))
    if not narrow:
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold", ratio=3)
        grid.add_column(overflow="fold", ratio=2, style="dim")
    for one in left[:_MOST]:
        kind = Text(one.kind, style=_STYLES.get(one.kind, "yellow"))
        words = Text(terminal.shorten(terminal.one_line(one.text[: 2 * _TEXT]), _TEXT))
        if narrow:
            parts += [kind, words, Text(_decided(one), style="dim"), Text(_place(one), style="dim"), ""]
        else:
            grid.add_row(kind, Group(words, Text(_place(one), style="dim")), _decided(one))
    if left and not narrow:
        parts.append(grid)
    if len(left) > _MOST:
        parts.append(Text(f"and {len(left) - _MOST:,} more: --json has all", style="dim"))
    return Padding(Group(*parts), (0, 0, 0, MARGIN), expand=False)


def page(ledger: Ledger, width: int) -> RenderableType:
    """The whole page in its order: kept text clear, what was left out dim behind its class."""
    verdict = Text.assemble((str(ledger.text.verdict), "bold"))
    if why := reason(ledger.text):
        verdict.append(f": {terminal.one_line(why)}")
    parts: list[RenderableType] = [
        "",
        verdict,
        Text("kept      ", style="dim").append_text(_summary(ledger, kept=True)),
    ]
    parts += [Text("left out  ", style="dim").append_text(_summary(ledger, kept=False)), ""]
    after, capture = False, 0
    for one in ledger.entries[:_MOST]:
        if one.capture != capture:
            capture = one.capture
            url = terminal.one_line(ledger.text.provenance.captures[capture].url)
            parts += ["", Text(f"A further page of the story, {url}", style="bold dim"), ""]
        words = terminal.one_line(one.text)
        parts += [""] if one.kept or after else []
        after = one.kept
        if one.kept:
            parts.append(Text(words, style="bold" if one.kind == "headline" else ""))
            continue
        line = Text.assemble((f"− {one.kind} ", _STYLES.get(one.kind, "yellow")))
        line.append(terminal.shorten(words[: 2 * _TEXT], _TEXT), style="dim")
        line.append(f"  ({_decided(one)})", style="dim italic")
        parts.append(line)
    if len(ledger.entries) > _MOST:
        parts.append(Text(f"and {len(ledger.entries) - _MOST:,} more: --json has all", style="dim"))
    if not ledger.entries:
        parts.append("Nothing of this page could be read as text.")
    return Padding(Group(*parts), (0, 0, 0, MARGIN if width > 20 else 0), expand=False)


def _summary(ledger: Ledger, *, kept: bool) -> Text:
    numbers = Counter(one.kind for one in ledger.entries if one.kept is kept).most_common()
    return Text(", ".join(f"{number:,} {kind}" for kind, number in numbers) or "nothing")


def _decided(one: LedgerEntry) -> str:
    said = " · ".join((str(one.rule), *one.evidence))
    hidden = f" · hidden by {one.hidden}" if one.hidden else ""
    return terminal.shorten(terminal.one_line(f"{said}{hidden}"[: 2 * _EVIDENCE]), _EVIDENCE)


def _place(one: LedgerEntry) -> str:
    """The end of a path, which tells places apart."""
    path = one.path
    return path if len(path) <= _PATH else f"\u2026{path[-_PATH:].partition('/')[1]}{path[-_PATH:].partition('/')[2]}"
