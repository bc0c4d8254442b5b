"""Stylesheets: what they refer to, told by one walk over their tokens. Pure, and linear whatever they hold.

The grammar is that of CSS Syntax Level 3, as far as references need it: comments, strings, ``url()``, at-rules. Nothing
is validated: what a browser would take for a reference is one, and what is broken costs a browser nothing either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

# The largest stylesheets of news sites have a megabyte; what stands behind is not read.
MAX_STYLESHEET = 2_000_000
# One sheet of a large icon theme refers to some 300 files.
MAX_REFERENCES = 1_000
MAX_REFERENCE = 8_000  # characters, as in `crawler.urls.resolve`

# Each alternative begins with its own character and never gives back what it has taken (possessive quantifiers), so
# that each character is looked at a bounded number of times. An open comment, string or url() ends with the sheet.
_TOKEN = re.compile(
    r"""
      (?P<comment>/\*(?:[^*]++|\*(?!/))*+(?:\*/)?)
    | "(?P<double>(?:[^"\\\n\r\f]++|\\(?:\r\n|.)?)*+)"?
    | '(?P<single>(?:[^'\\\n\r\f]++|\\(?:\r\n|.)?)*+)'?
    | (?P<url>[uU][rR][lL]\((?<![-\w\\]url\()[ \t\n\r\f]*+
        (?:(?=["'])|(?P<bare>(?:[^"'()\\ \t\n\r\f]++|\\(?:[0-9A-Fa-f]{1,6}+[ \t\n\r\f]?|.))*+)[ \t\n\r\f]*+(?:\)|\Z)))
    | (?P<set>[iI][mM][aA][gG][eE]-[sS][eE][tT]\()
    | @(?P<at>[-\w]{1,40}+)
    | (?P<mark>[(){};])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:([0-9A-Fa-f]{1,6})(?:\r\n|[ \t\n\r\f])?|(\r\n|[\n\r\f])|(.))", re.DOTALL)
# A browser takes the first source of a face that it can read, and each of today reads WOFF2.
_FORMATS = ("woff2", "woff")


class Kind(StrEnum):
    """What a reference is to."""

    STYLE = "style"
    IMAGE = "image"
    FONT = "font"
    ICON = "icon"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference as it is written, its escapes read."""

    kind: Kind
    text: str


@dataclass(slots=True)
class _Walk:
    """Where the walk stands: the depth of parentheses and blocks, and within which rule."""

    rule: str = ""  # the at-rule whose prelude is being read
    parentheses: int = 0
    blocks: int = 0
    sets: list[int] = field(default_factory=list)  # depths at which image-set() began
    face: int = 0  # the depth of the block of @font-face, 0 outside
    sources: list[str] = field(default_factory=list)  # of that face


def references(css: str) -> Iterator[Reference]:
    """What a stylesheet refers to, in its order, at most ``MAX_REFERENCES``: imports, pictures, fonts.

    Of the sources of a font face those in the best format alone. Namespaces, which look like references, are none.
    Never raises; linear in the sheet.
    """
    given = 0
    for one in _references(css[:MAX_STYLESHEET]):
        if not one.text or len(one.text) > MAX_REFERENCE or one.text.startswith("#"):
            continue
        yield one
        given += 1
        if given >= MAX_REFERENCES:
            return


def _references(css: str) -> Iterator[Reference]:
    walk = _Walk()
    quoted = False  # the next string is that of a url()
    for token in _TOKEN.finditer(css):
        kind = token.lastgroup
        if kind == "comment":
            continue
        if kind == "url" and token["bare"] is None:
            quoted = True
            walk.parentheses += 1
            continue
        if kind in {"bare", "url", "double", "single"}:
            text = _read(token["bare"] or token["double"] or token["single"] or "")
            if quoted or kind in {"bare", "url"}:
                yield from _url(walk, text)
            elif walk.rule == "import" and not walk.parentheses:
                walk.rule = "imported"
                yield Reference(Kind.STYLE, text)
            elif walk.sets and not walk.face and walk.sets[-1] == walk.parentheses:
                yield Reference(Kind.IMAGE, text)
        elif kind == "set":
            walk.parentheses += 1
            walk.sets.append(walk.parentheses)
        elif kind == "at":
            walk.rule = "" if walk.face else token["at"].lower()
        else:
            yield from _mark(walk, token["mark"])
        quoted = False
    yield from _face(walk)


def _url(walk: _Walk, text: str) -> Iterator[Reference]:
    if walk.rule == "import":
        walk.rule = "imported"  # what follows is a condition
        yield Reference(Kind.STYLE, text)
    elif walk.face:
        if len(walk.sources) < MAX_REFERENCES:
            walk.sources.append(text)
    elif walk.rule not in {"namespace", "imported"}:
        yield Reference(Kind.IMAGE, text)


def _mark(walk: _Walk, mark: str) -> Iterator[Reference]:
    match mark:
        case "(":
            walk.parentheses += 1
        case ")":
            if walk.sets and walk.sets[-1] == walk.parentheses:
                walk.sets.pop()
            walk.parentheses = max(0, walk.parentheses - 1)
        case "{":
            walk.blocks += 1
            if walk.rule == "font-face" and not walk.face:
                walk.face = walk.blocks
            walk.rule = ""
        case "}":
            if walk.face and walk.blocks == walk.face:
                yield from _face(walk)
            walk.blocks = max(0, walk.blocks - 1)
            # What was left open within the block ends with it.
            walk.parentheses, walk.rule = 0, ""
            walk.sets.clear()
        case _:
            walk.rule = "" if not walk.parentheses else walk.rule


def _face(walk: _Walk) -> Iterator[Reference]:
    """The fonts of a face: those in the best of the formats, all where none is in one of them."""
    sources, walk.sources, walk.face = walk.sources, [], 0
    for wanted in _FORMATS:
        best = [one for one in sources if _is_in(one, wanted)]
        if best:
            sources = best
            break
    for one in sources:
        yield Reference(Kind.FONT, one)


def _is_in(url: str, wanted: str) -> bool:
    """Whether a font is in a format, by its name or, where the sheet holds it itself, by its type."""
    if url.startswith("data:"):
        return f"{wanted};" in url[:60]
    return url.partition("?")[0].partition("#")[0].lower().endswith(f".{wanted}")


def _read(text: str) -> str:
    """A string or URL with its escapes read (CSS Syntax Level 3, section 4.3.7)."""
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(hit: re.Match[str]) -> str:
    if hit[1] is None:
        return hit[3] or ""  # an escaped line break is nothing
    code = int(hit[1], 16)
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"
