"""Styles: CSS whose references lead to archived files. One walk over its tokens, linear whatever it holds.

What this walk should miss a browser is kept from asking for by the policy of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archive.replay.captured.targets import Targets, Use

MAX_SHEET = 4_000_000  # characters; the largest of news sites have one million
# A way out of the element or attribute that holds the text, whatever parser reads it.
_OUT = re.compile(r"<(?=[A-Za-z/!?])")
# Each alternative begins with its own character and never gives back what it has taken.
_TOKEN = re.compile(
    r"""
      (?P<comment>/\*(?:[^*]++|\*(?!/))*+(?:\*/)?)
    | (?P<url>(?<![-\w\\])(?:[uU][rR][lL]|[sS][rR][cC])\([ \t\n\r\f]*+
        (?: "(?P<double>(?:[^"\\\n\r\f]++|\\(?:\r\n|.)?)*+)"? [ \t\n\r\f]*+ (?P<behind>\)?)
          | '(?P<single>(?:[^'\\\n\r\f]++|\\(?:\r\n|.)?)*+)'? [ \t\n\r\f]*+ (?P<after>\)?)
          | (?P<bare>(?:[^"'()\\ \t\n\r\f]++|\\(?:[0-9A-Fa-f]{1,6}+[ \t\n\r\f]?|.))*+)[ \t\n\r\f]*+(?:\)|\Z)))
    | (?P<string>"(?:[^"\\\n\r\f]++|\\(?:\r\n|.)?)*+"?|'(?:[^'\\\n\r\f]++|\\(?:\r\n|.)?)*+'?)
    | (?P<set>(?:-webkit-)?[iI][mM][aA][gG][eE]-[sS][eE][tT]\()
    | @(?P<at>[-\w]{1,40}+)
    | (?P<mark>[(){};])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:([0-9A-Fa-f]{1,6})(?:\r\n|[ \t\n\r\f])?|(\r\n|[\n\r\f])|(.))", re.DOTALL)


def styled(css: str, targets: Targets) -> str:
    """The same sheet, or declarations of an attribute, with the addresses of archived files.

    References that lead nowhere become ``about:invalid``. The text can stand within a ``style`` element. Past
    ``MAX_SHEET`` characters there is nothing.
    """
    plain = _ESCAPE.sub(_spelled_out, css[:MAX_SHEET]) if "\\" in css else css[:MAX_SHEET]
    return _OUT.sub(r"\\3c ", "".join(_rewritten(plain, targets)))


def _spelled_out(hit: re.Match[str]) -> str:
    """An escaped letter as itself, which it is anywhere: ``u\\72l(`` is ``url(``. All other escapes stay."""
    letter = hit[3] if hit[1] is None else chr(int(hit[1], 16)) if len(hit[1].lstrip("0")) == 2 else ""
    return letter if letter and letter.isascii() and letter.isalpha() else hit[0]


def _rewritten(css: str, targets: Targets) -> Iterator[str]:
    at = depth = 0
    rule = ""  # the at-rule whose prelude is being read
    face = False
    sets: list[int] = []
    for token in _TOKEN.finditer(css):
        yield css[at : token.start()]
        at = token.end()
        match token.lastgroup:
            case "comment":
                continue  # browsers of old read some
            case "url" | "double" | "single" | "bare" | "behind" | "after":
                text = _read(token["double"] or token["single"] or token["bare"] or "")
                yield _reference(text, _use(rule, face=face), targets)
                rule = "" if rule == "import" else rule
            case "string" if rule == "import":
                yield _reference(_read(token["string"].strip("\"'")), Use.STYLE, targets)
                rule = ""
            case "string" if sets and sets[-1] == depth:
                yield _reference(_read(token["string"].strip("\"'")), Use.PICTURE, targets)
            case "string":
                yield token[0] if token[0][-1:] == token[0][:1] and len(token[0]) > 1 else f"{token[0]}{token[0][:1]}"
            case "set":
                depth += 1
                sets.append(depth)
                yield token[0]
            case "at":
                rule = token["at"].lower()
                yield token[0]
            case _:
                yield token[0]
                match token["mark"]:
                    case "(":
                        depth += 1
                    case ")":
                        if sets and sets[-1] == depth:
                            sets.pop()
                        depth = max(0, depth - 1)
                    case "{":
                        face, rule = face or rule == "font-face", ""
                    case "}":
                        face, rule, depth = False, "", 0
                        sets.clear()
                    case _:
                        rule = ""
    yield css[at:]


def _use(rule: str, *, face: bool) -> Use:
    return Use.STYLE if rule == "import" else Use.FONT if face else Use.PICTURE


def _reference(text: str, use: Use, targets: Targets) -> str:
    if text.startswith("#"):
        return f'url("#{re.sub(_UNFIT, "", text[1:])}")'  # a filter or pattern of the same page
    found = targets.file(text, use)
    if found is None:
        return 'url("about:invalid")'
    return 'url("' + found.replace("\\", "%5C").replace('"', "%22") + '")'


_UNFIT = r"[^\w.:-]"


def _read(text: str) -> str:
    """A string or URL with its escapes read (CSS Syntax Level 3, section 4.3.7)."""
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(hit: re.Match[str]) -> str:
    if hit[1] is None:
        return hit[3] or ""  # an escaped line break is nothing
    code = int(hit[1], 16)
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"
