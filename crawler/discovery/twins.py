"""Twins: the same article at a second address of its site, as an AMP page or on the host for small screens.

A twin names the article's own address with ``rel=canonical``. Pages lie in it: they name the front page, the first of
several parts, a neighbour. So an address is believed only where it looks like the same article, and counts only once
the page behind it was fetched and is the same story.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from archive.url import host, normalise
from crawler.discovery.face import Face
from crawler.discovery.shape import may_be_article
from crawler.urls import MAX_URL, Scope, refusal


class Form(StrEnum):
    """What a twin is, as against the article's own page."""

    AMP = "AMP"
    MOBILE = "mobile"


# First labels of hosts, last or first segments of paths, extensions and parameters by which sites mark such pages.
_AMP_HOST = frozenset({"amp", "amphtml"})
_MOBILE_HOST = frozenset({"m", "mobile", "mobil", "mob", "touch", "wap"})
_AMP_SEGMENT = frozenset({"amp", "amphtml", "amp.html", "amp.php"})
_AMP_EXTENSION = re.compile(r"\.amp(?=$|\.html?$)", re.IGNORECASE)
_AMP_NAME = frozenset({"amp", "isamp", "is_amp", "_amp"})
_AMP_VALUE = frozenset({"amp", "_amp", "amphtml"})
_AMP_SWITCH = frozenset({"outputtype", "output", "format", "view", "mode", "type", "service", "layout", "template"})
_OFF = frozenset({"0", "false", "no", "off"})

_PAGE = re.compile(r"\.(?:s?html?|php\d?|aspx?|jsp)$", re.IGNORECASE)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([/_.-]?)(0?[1-9]|1[0-2])\2(0?[1-9]|[12]\d|3[01])(?!\d)")
_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?<![0-9a-z])[0-9a-f]{16,40}(?![0-9a-z])|\d{5,}", re.I)
_BREAK = re.compile(r"[-_+. ,:]+")
# A slug of so many words names one article of a site; two of one id share at least this share of their words.
_SLUG = 3
_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class _Marked:
    """An address without the marks of a twin: what is left of its host, path and query."""

    form: Form | None
    host: str
    path: tuple[str, ...]
    query: tuple[str, ...]


def form_of(url: str) -> Form | None:
    """What an address by itself tells of being a twin's."""
    return _marked(url).form


def _marked(url: str) -> _Marked:
    key = normalise(url[: MAX_URL + 1])
    parts = urlsplit(key)
    form: Form | None = None
    labels = host(key).split(".")
    while len(labels) > 2 and labels[0] in {"www", *_AMP_HOST, *_MOBILE_HOST}:
        if labels[0] != "www":
            form = Form.AMP if labels[0] in _AMP_HOST else form or Form.MOBILE
        del labels[0]
    segments = [unquote(one, errors="replace") for one in parts.path.split("/") if one]
    amp = next((at for at, one in enumerate(segments) if one.lower() in _AMP_SEGMENT), None)
    if amp is not None and len(segments) > 1:
        form = Form.AMP
        del segments[amp]
    if segments and _AMP_EXTENSION.search(segments[-1]):
        form = Form.AMP
        segments[-1] = _AMP_EXTENSION.sub("", segments[-1])
    query = []
    for one in parts.query.split("&") if parts.query else ():
        name, _, value = one.partition("=")
        if _says_amp(name.lower(), value.lower()):
            form = Form.AMP
        elif (name, value) == ("m", "1"):  # Blogger
            form = form or Form.MOBILE
        else:
            query.append(one)
    if segments:
        segments[-1] = _PAGE.sub("", segments[-1])
    port = f":{parts.port}" if parts.port else ""
    return _Marked(form, ".".join(labels) + port, tuple(segments), tuple(query))


def _says_amp(name: str, value: str) -> bool:
    return (name in _AMP_NAME and value not in _OFF) or (name in _AMP_SWITCH and value in _AMP_VALUE)


def objection(url: str, canonical: str, scope: Scope) -> str | None:
    """Why the canonical address of a page is not believed to be the same article's, in words; None where it may be.

    Both must differ in nothing but the marks of a twin, or have an id or a slug in common that tells one article from
    all others, and nothing that tells them apart. Linear in the lengths, which `MAX_URL` bounds.
    """
    refused = refusal(canonical, scope)
    if refused is not None:
        return refused.detail
    if not may_be_article(canonical):
        return "it looks like the front page, a listing or a service page, not like an article"
    own, other = _marked(url), _marked(canonical)
    if other.form is not None:
        return f"it is an address of a twin itself ({other.form})"
    if (own.host, own.path, own.query) == (other.host, other.path, other.query):
        return None
    if not _same_day(own, other):
        return "the two addresses have different dates"
    ids, others = _ids(own), _ids(other)
    words, theirs = _words(own), _words(other)
    if ids and others:
        if words and theirs and len(words & theirs) < _ALIKE * min(len(words), len(theirs)):
            return "the two addresses have different names"
        # Where one has more of them, they are of sections: then names must be alike, or the last one is the article's.
        in_both = ids <= others or others <= ids
        last = not own.query and not other.query and _path_ids(own)[-1:] == _path_ids(other)[-1:]
        alike = ids == others or (in_both and (last or (words and theirs)))
        return None if alike else "the two addresses have different ids"
    if own.query != other.query:
        return "the two addresses have different parameters"
    if words and _name(own) == _name(other):
        return None
    return "the two addresses have neither an id nor a name in common"


def _path_ids(one: _Marked) -> list[str]:
    """The long numbers and hashes of a path, in its order, dates left out."""
    return [found.lower() for found in _ID.findall(_DATE.sub("", "/".join(one.path)))]


def _ids(one: _Marked) -> frozenset[str]:
    """What tells an article from all others: the ids of its path, and whatever stands in its query."""
    values = (parameter.partition("=")[2] for parameter in one.query)
    return frozenset([*_path_ids(one), *(value for value in values if value)])


def _name(one: _Marked) -> list[str]:
    """The pieces of the last segment without ids and dates; numbers stay: a second part is another article."""
    last = _ID.sub("", _DATE.sub("", one.path[-1].lower())) if one.path else ""
    return [piece for piece in _BREAK.split(last) if piece]


def _words(one: _Marked) -> frozenset[str]:
    """The words of the last segment, where there are enough for the name of one article; else none."""
    words = frozenset(piece for piece in _name(one) if len(piece) > 1 and not any(map(str.isdigit, piece)))
    return words if len(words) >= _SLUG else frozenset()


def _same_day(own: _Marked, other: _Marked) -> bool:
    days = [{(y, int(m), int(d)) for y, _, m, d in _DATE.findall("/".join(one.path))} for one in (own, other)]
    return not days[0] or not days[1] or days[0] == days[1]


def difference(twin: Face, own: Face) -> str | None:
    """Why the page behind a canonical address is not the story of the page that names it; None where it is."""
    key = normalise(twin.url)
    if own.canonical is not None and normalise(own.canonical) not in {normalise(own.url), key}:
        return "the page there calls a third address its own"
    if own.canonical is not None and normalise(own.canonical) == key:
        return "the page there names this one in turn"
    if key in own.forms:
        return None
    if not twin.words or not own.words:
        return "a headline to compare is missing"
    if len(twin.words & own.words) < _ALIKE * min(len(twin.words), len(own.words)):
        return "the page there has another headline"
    return None
