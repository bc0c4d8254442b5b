"""Manuscripts: the newsroom's articles as plain text files, a TOML head between ``+++`` lines and passages below.

Passages are separated by empty lines. A passage that begins with ``##`` is a subheading, with ``-`` a list, with
``>`` a block quote (its last line may be ``-- who said it``), with ``@`` something that is placed there; anything
else is a paragraph. Within a passage ``*words*`` are emphasised and ``[words](address)`` is a link.
"""

from __future__ import annotations

import html
import re
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

_EMPHASIS = re.compile(r"\*([^*]+)\*")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


class Kind(StrEnum):
    """The kinds of passages. Those of `PROSE` are the article; the rest is what a page puts between them."""

    PARAGRAPH = "paragraph"
    SUBHEADING = "subheading"
    LIST = "list"
    QUOTE = "quote"
    FIGURE = "figure"
    CORRECTION = "correction"
    AD = "ad"
    AD_PLAIN = "ad-plain"  # the label as a paragraph like any other
    RELATED = "related"  # a box of links to other articles
    ALSO = "also"  # the same as a plain paragraph
    NEWSLETTER = "newsletter"
    BIO = "bio"  # about the author, as a plain paragraph


PROSE = frozenset({Kind.PARAGRAPH, Kind.SUBHEADING, Kind.LIST, Kind.QUOTE})


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage: its kind, what follows the kind's name (``argument``), and its lines without their marks."""

    kind: Kind
    lines: tuple[str, ...] = ()
    argument: str = ""

    @property
    def text(self) -> str:
        """The lines as one, marks for emphasis and links still in them."""
        return " ".join(self.lines)

    def value(self, name: str) -> str:
        """The rest of the line that begins with ``name:``, or an empty string (captions and credits of figures)."""
        for line in self.lines:
            if line.startswith(f"{name}:"):
                return line.removeprefix(f"{name}:").strip()
        return ""


@dataclass(frozen=True, slots=True)
class Manuscript:
    """One state of one article, as written."""

    slug: str
    headline: str
    standfirst: str
    author: str
    section: str
    published: datetime
    modified: datetime
    path: str
    number: int
    since: int = 1  # the visit from which this state is seen
    language: str | None = None  # where it is not the site's
    tags: tuple[str, ...] = ()
    image: str = ""
    agency: str = ""
    copy_of: str = ""  # "host/slug" of the original
    teaser: bool = False  # only the first two paragraphs are shown
    layout: str = "article"  # the template
    encoding: str = "utf-8"
    chunked: bool = False
    passages: tuple[Passage, ...] = field(default=())


def plain(text: str) -> str:
    """A passage's text as a reader sees it."""
    return _LINK.sub(r"\1", _EMPHASIS.sub(r"\1", text))


def marked_up(text: str) -> str:
    """A passage's text as HTML."""
    safe = html.escape(text, quote=False)
    return _LINK.sub(r'<a href="\2">\1</a>', _EMPHASIS.sub(r"<em>\1</em>", safe))


def read_manuscript(path: Path) -> Manuscript:
    """The manuscript in a file named ``slug.txt``, or ``slug.N.txt`` for the state that is seen from visit N on."""
    _, head, body = path.read_text(encoding="utf-8").split("+++\n", 2)
    fields: dict[str, Any] = tomllib.loads(head)
    slug, _, since = path.stem.partition(".")
    fields.setdefault("since", int(since or 1))
    fields.setdefault("modified", fields["published"])
    fields["tags"] = tuple(fields.get("tags", ()))
    passages = tuple(_passage(part) for part in re.split(r"\n{2,}", body.strip()) if part)
    return Manuscript(slug=slug, passages=passages, **fields)


def _passage(part: str) -> Passage:
    lines = tuple(part.splitlines())
    if part.startswith("@"):
        name, _, argument = lines[0][1:].partition(" ")
        kind = Kind(name)
        if kind in {Kind.BIO, Kind.CORRECTION}:
            return Passage(kind, (argument, *lines[1:]))
        return Passage(kind, lines[1:], argument)
    if part.startswith("## "):
        return Passage(Kind.SUBHEADING, (part[3:],))
    if part.startswith("- "):
        return Passage(Kind.LIST, tuple(line.removeprefix("- ") for line in lines))
    if part.startswith("> "):
        quoted = tuple(line.removeprefix("> ") for line in lines)
        said = quoted[-1].removeprefix("-- ") if quoted[-1].startswith("-- ") else ""
        return Passage(Kind.QUOTE, quoted[:-1] if said else quoted, said)
    return Passage(Kind.PARAGRAPH, lines)
