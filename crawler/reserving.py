"""What answers reserve is written beside them: the exchange with the reservations of its head, and of its page."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from archive.errors import PresskeepError
from archive.exchange import Exchange, Role
from archive.http import HttpMessage
from archive.pagination import may_be_split
from archive.reservation import MOST, reservations_of
from crawler.discovery.face import says_amp

# Pages whose metas are read; feeds and robots.txt have none.
_PAGES = frozenset({Role.ARTICLE, Role.FRONT, Role.SECTION, Role.FURTHER, Role.OTHER})
# They stand in the head, which is read as far as this, in bytes once decoded.
_WITHIN = 300_000
_END = re.compile(rb"</head|<body", re.IGNORECASE)
_MARKUP = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class Noticed:
    """An exchange with its reservations, whether its page is an AMP page by its markup, and may be one of several."""

    exchange: Exchange
    is_amp: bool = False
    may_be_split: bool = False


def noticed(exchange: Exchange, of_host: tuple[str, ...] = ()) -> Noticed:
    """The exchange, with what its answer says of keeping and mining it (`archive.reservation`), and its host of it.

    Metas are ASCII in every charset that pages have but UTF-16, so the page is read as latin-1: nothing is guessed.
    No more of it is decoded than its head; a body that cannot be decoded tells by the fields of the answer alone.
    """
    try:
        message = HttpMessage.parse(exchange.response)
    except PresskeepError:
        return Noticed(exchange)
    page, is_amp, split = "", False, False
    if exchange.origin.role in _PAGES and message.mime in _MARKUP:
        try:
            begun = message.beginning(_WITHIN)
            is_amp = says_amp(begun)
            if exchange.origin.role is Role.ARTICLE:
                split = len(begun) >= _WITHIN or may_be_split(begun, exchange.url)
            end = _END.search(begun)
            page = begun[: end.start() if end else None].decode("latin-1")
        except PresskeepError:
            page = ""
    found = (*of_host, *reservations_of(message.fields, page))[:MOST]
    return Noticed(replace(exchange, reservations=found) if found else exchange, is_amp, split)
