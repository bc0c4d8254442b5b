"""Reservations: what an answer says of keeping its page, and of mining it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

# Directives of X-Robots-Tag and meta robots that concern an archive, and who reads text by machine.
_DIRECTIVES = re.compile(r"\b(?:noarchive|nocache|noindex|noai|noimageai|nosnippet|none)\b", re.IGNORECASE)
_META = re.compile(r"<meta\b[^>]{0,500}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""\b(name|content)\s{0,9}=\s{0,9}(?:"([^"]{0,300})"|'([^']{0,300})'|([^\s"'>]{1,300}))""", re.I
)
# They stand in the head.
_WITHIN = 300_000
# A hostile head may have thousands of fields; no page needs as many reservations.
MOST = 16

# A field of X-Robots-Tag that is for one crawler begins with its name; these begin with a directive of their own.
_NAMED = re.compile(r"\s{0,9}([A-Za-z0-9_-]{1,60})\s{0,9}:")
_VALUED = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})

# `none` is "noindex, nofollow": of a copy it says nothing.
_NOT_KEPT = re.compile(r"(?:x-robots-tag|meta robots): (?:noarchive|nocache)")
_NOT_MINED = re.compile(r"(?:x-robots-tag|meta robots): no(?:image)?ai")
_RESERVATION = re.compile(r"(meta tdm-reservation|tdm-reservation|tdmrep\.json)(?: .{1,300})?: ([01])")
# TDMRep's ways, in the order in which they count.
_WAYS = ("meta tdm-reservation", "tdm-reservation", "tdmrep.json")
_USE = re.compile(r"(?:robots\.txt )?content-(?:usage|signal)(?: [/*]\S{0,300})?: (.{1,300})")
# A use is denied by the token `n` (Content-Usage) or `no` (Content-Signal).
_DENIED = frozenset({"n", "no"})


class Reserved(StrEnum):
    """What is reserved: that a copy is kept and shown, or that text and data are mined."""

    NOARCHIVE = "noarchive"
    TDM = "tdm"


def reservations_of(fields: Iterable[tuple[str, str]], page: str) -> tuple[str, ...]:
    """What header fields and the metas of a page reserve or permit, each once and in words: ``tdm-reservation: 1``.

    TDM Reservation Protocol (W3C Community Group, 2024), `X-Robots-Tag`, `Content-Usage` (IETF draft "AI preferences"),
    `Content-Signal`. Of hostile pages the first sixteen, each of at most 300 characters.
    """
    found: dict[str, None] = {}
    for field, written in fields:
        name, value = field.lower(), written.strip()[:300]
        if name == "x-robots-tag":
            bot = _NAMED.match(value)
            of = f"{bot[1].lower()}: " if bot and bot[1].lower() not in _VALUED else ""
            found.update(dict.fromkeys(f"X-Robots-Tag: {of}{one.lower()}" for one in _DIRECTIVES.findall(value)))
        elif name in {"content-usage", "content-signal"} and value:
            found[f"{name}: {value}"] = None
        else:
            found.update(dict.fromkeys(_tdm(name, value)))
    for meta in _META.finditer(page[:_WITHIN]):
        said = {hit[1].lower(): hit[2] or hit[3] or hit[4] or "" for hit in _ATTRIBUTE.finditer(meta[0])}
        name, value = said.get("name", "").strip().lower(), said.get("content", "").strip()
        if name == "robots":
            found.update(dict.fromkeys(f"meta robots: {one.lower()}" for one in _DIRECTIVES.findall(value)))
        else:
            found.update(dict.fromkeys(f"meta {one}" for one in _tdm(name, value)))
    return tuple(found)[:MOST]


def reserved(reservations: Iterable[str]) -> frozenset[Reserved]:
    """What these reservations, as `reservations_of` words them, reserve.

    `noindex` and `nosnippet` reserve neither, nor does what is said to one crawler alone. Of TDMRep's three ways a meta
    goes before a header field, and that before tdmrep.json ("Processing priority"): a page may permit what its host
    reserves. All other ways add up: one use that is denied reserves mining, whatever is permitted elsewhere (so the
    IETF's vocabulary has it: the most restrictive counts).
    """
    found = set()
    by_way = dict.fromkeys(_WAYS, "")
    for said in map(str.lower, reservations):
        if _NOT_KEPT.fullmatch(said):
            found.add(Reserved.NOARCHIVE)
        elif _NOT_MINED.fullmatch(said) or ((use := _USE.fullmatch(said)) and _denies(use[1])):
            found.add(Reserved.TDM)
        elif told := _RESERVATION.fullmatch(said):
            by_way[told[1]] = max(by_way[told[1]], told[2])  # one that contradicts itself reserves
    if next(filter(None, by_way.values()), "") == "1":
        found.add(Reserved.TDM)
    return frozenset(found)


def _denies(preferences: str) -> bool:
    """Whether a dictionary such as ``search=y, train-ai=n`` denies a use."""
    for member in preferences.split(","):
        value = member.partition(";")[0].partition("=")[2]
        if value.strip() in _DENIED:
            return True
    return False


def _tdm(name: str, value: str) -> tuple[str, ...]:
    """What a field or meta says by TDMRep; other values than 0 and 1 are errors that mean: unset."""
    if (name == "tdm-reservation" and value in {"0", "1"}) or (name == "tdm-policy" and value):
        return (f"{name}: {value}",)
    return ()
