"""Replies: what a browser is told of answers, and what servers are told of its requests. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from scrapy.http import Response, TextResponse

from archive.errors import DamagedRecord
from archive.exchange import Exchange, Role
from archive.http import HttpMessage
from crawler.decoded import decoded
from crawler.drawing.sheet import Picture, Reply

_DRAWN = frozenset({Role.ARTICLE, Role.FURTHER, Role.FRONT, Role.SECTION})
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
# Fields of a browser's request that ours has of its own, or that say what no crawler has.
_OWN = frozenset(
    {"host", "connection", "user-agent", "accept-encoding", "accept-language", "cookie", "cache-control", "pragma"}
)
_OWN_BEGIN = ("sec-", "proxy-", "upgrade-", "if-")
# Fields of an answer that speak of its bytes on the wire, or of what this browser does not do.
_WIRE = frozenset(
    {
        *("content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive", "trailer", "upgrade"),
        *("set-cookie", "content-disposition", "refresh", "alt-svc", "strict-transport-security", "nel", "report-to"),
        *("reporting-endpoints", "clear-site-data", "accept-ch", "critical-ch", "x-frame-options"),
    }
)


def is_drawable(exchange: Exchange) -> bool:
    """Whether an answer is a page that scripts may fill: that of an article, or one that leads to articles."""
    if exchange.origin.role not in _DRAWN or exchange.method != "GET" or exchange.truncated is not None:
        return False
    try:
        message = HttpMessage.parse(exchange.response)
    except DamagedRecord:
        return False
    return message.status == 200 and message.mime in _PAGES


def reply_of(response: Response, limit: int | None = None) -> Reply:
    """What the browser is told of an answer; raises PayloadRefused where its body cannot be decoded in the limits."""
    fields = []
    for name, values in response.headers.items():
        named = name.decode("latin-1")
        if named.lower() not in _WIRE:
            fields += [(named, " ".join(value.decode("latin-1").split("\n"))) for value in values]
    return Reply(response.status, tuple(fields), decoded(response, limit).body)


def asked_fields(given: Mapping[str, str]) -> dict[str, str]:
    """The fields of a page's own request that are sent with ours: what its scripts set, and whom it comes from."""
    return {
        name: value
        for name, value in given.items()
        if name.lower() not in _OWN and not name.lower().startswith(_OWN_BEGIN)
    }


def drawn_response(response: Response, picture: Picture) -> Response:
    """The response with the page as it was drawn, for whoever reads it on."""
    headers = response.headers.copy()
    for name in ("Content-Encoding", "Content-Length", "Transfer-Encoding"):
        headers.pop(name, None)
    headers["Content-Type"] = "text/html; charset=utf-8"
    drawn = response.replace(body=picture.page, headers=headers, flags=[*response.flags, "drawn"])
    return drawn.replace(encoding="utf-8") if isinstance(drawn, TextResponse) else drawn
