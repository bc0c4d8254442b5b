"""How an edit looks in a terminal: words that went and came, marked in the text; nothing is fetched or printed here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from archive.article import BlockKind
from archive.clock import to_datetime
from archive.editing.edit import Edit, Fact, Passage, Sign
from archive.editing.wording import kinds_said, manner_said, size_said, title_of, value_said
from archive.terminal import one_line, plain, shorten
from archive.verbs.typeset import MARGIN, count, moment

_STYLES = {"-": "red strike", "+": "green underline"}
_WDIFF = {"-": ("[-", "-]"), "+": ("{+", "+}")}  # without colours the marks of wdiff
_SIGNS = {
    Sign.SAME: " ",
    Sign.REMOVED: "-",
    Sign.ADDED: "+",
    Sign.REWORDED: "~",
    Sign.MOVED_FROM: "<",
    Sign.MOVED_TO: ">",
}
_NEAR = 160  # characters of a passage that stayed, beside one that did not
_MOVED = 80  # of one that went elsewhere: in full it stands where it is now
_FACT, _LONG = 900, 2_000  # of a fact: shown, and looked at
_HEADS = {"headline": "Headline", "standfirst": "Standfirst", "body": "Text"}


def title_page(edit: Edit) -> RenderableType:
    """What stands above the edits of a page: what it is called, and its address."""
    head = Text(one_line(title_of(edit)), style="bold"), Text(one_line(edit.url), style="dim")
    return Padding(Group("", *head), (0, 0, 0, MARGIN), expand=False)


def edit_page(edit: Edit, *, coloured: bool, whole: bool = False, editions: int | None = None) -> RenderableType:
    """An edit as a page: when and what, what kind, and the passages; ``whole`` with all that stayed."""
    parts: list[RenderableType] = ["", *_above(edit, editions)]
    for name, some in groupby(edit.comparison.passages, key=lambda one: _HEADS[one.part]):
        passages = list(some)
        if whole or any(one.sign is not Sign.SAME for one in passages):
            parts += ["", Text(name, style="dim"), *_passages(passages, coloured=coloured, whole=whole)]
    if edit.comparison.facts:
        parts += ["", Text("Beside the text", style="dim"), *map(_fact, edit.comparison.facts)]
    return Padding(Group(*parts), (0, 0, 0, MARGIN), expand=False)


def _above(edit: Edit, editions: int | None) -> Iterator[RenderableType]:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    of = f" of {editions}" if editions else ""
    old, new = edit.old.edition, edit.new.edition
    if old and new and old != new:
        grid.add_row("edition", f"{old} → {new}{of}")
    elif new or old:
        grid.add_row("edition", f"{new or old}{of}")
    grid.add_row("between", Text(f"{moment(edit.since)} and {_later(edit.since, edit.new.at)}"))
    said = Text(", ".join(kinds_said(edit)), style="bold")
    if size := size_said(edit):
        said.append(f" ({size})", style="not bold")
    grid.add_row("what", said)
    if manner := manner_said(edit):
        grid.add_row("", Text(one_line(manner), style="yellow" if edit.silent else ""))
    yield grid


def _later(since: int, at: int) -> str:
    """A time, without its day where that is the same."""
    one, other = to_datetime(since), to_datetime(at)
    return f"{other:%H:%M:%S} UTC" if one.date() == other.date() else moment(at)


def _passages(passages: Sequence[Passage], *, coloured: bool, whole: bool) -> Iterator[RenderableType]:
    near = {n + step for n, one in enumerate(passages) if one.sign is not Sign.SAME for step in (-1, 0, 1)}
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=1, no_wrap=True)
    grid.add_column(overflow="fold")
    first = True
    for shown, some in groupby(enumerate(passages), key=lambda one: whole or one[0] in near):
        group = [passage for _, passage in some]
        if not shown:
            if not first:
                grid.add_row("", "")
            first = False
            grid.add_row("", Text(f"… {count(len(group), 'paragraph')} unchanged …", style="dim"))
            continue
        for passage in group:
            if passage.part == "body" and not first:
                grid.add_row("", "")
            first = False
            grid.add_row(_sign(passage.sign), _marked(passage, coloured=coloured, whole=whole))
    yield grid


def _sign(sign: Sign) -> Text:
    styles = {Sign.REMOVED: "red", Sign.ADDED: "green", Sign.MOVED_FROM: "cyan", Sign.MOVED_TO: "cyan"}
    return Text(_SIGNS[sign], style=styles.get(sign, "yellow"))


def _marked(passage: Passage, *, coloured: bool, whole: bool) -> Text:
    text = Text(style="bold" if passage.kind is BlockKind.SUBHEADING or passage.part == "headline" else "")
    if passage.sign is Sign.SAME:
        words = one_line(passage.after)
        return Text(words if whole else _near(words), style=text.style if whole else "dim")
    if passage.sign is Sign.MOVED_FROM:
        return Text(f"moved: {shorten(one_line(passage.before), _MOVED)}", style="dim cyan")
    if passage.sign is Sign.MOVED_TO:
        text.append("moved here: ", style="cyan")
        if not passage.is_reworded:
            return text.append(one_line(passage.after))
    went = False
    for piece in passage.pieces:
        words = plain(piece.text).replace("\n", " ").replace("\t", " ")
        if piece.sign == "=":
            text.append(words)
        elif coloured:
            # What stands in the place of a word is not to be read as its end.
            text.append(" " if piece.sign == "+" and went else "").append(words, style=_STYLES[piece.sign])
        elif passage.sign in {Sign.REWORDED, Sign.MOVED_TO}:
            begin, end = _WDIFF[piece.sign]
            text.append(f"{begin}{words}{end}")
        else:
            text.append(words)  # the sign before it says it all
        went = piece.sign == "-"
    return text


def _near(words: str) -> str:
    """The beginning of a passage that stayed, up to the end of a word where it has any."""
    cut = shorten(words, _NEAR)
    if cut == words:
        return words
    head = cut.removesuffix("…")
    end = head.rfind(" ", len(head) // 2)
    return f"{head[:end] if end > 0 else head} …"


def _fact(fact: Fact) -> Text:
    shown = Text(f"{fact.name}: ")
    old, new = value_said(fact, fact.old), value_said(fact, fact.new)
    if old is not None:
        shown.append(shorten(one_line(old[:_LONG]), _FACT), style="red")
    if old is not None or fact.name in {"published", "modified", "byline"}:
        shown.append(" → ")
    shown.append(shorten(one_line(new[:_LONG]), _FACT) if new is not None else "nothing", style="green")
    return shown
