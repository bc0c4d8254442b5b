"""``/cdx``: the index of captures, in the parameters of pywb's CDX API."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from archive.replay.addresses import archived
from archive.replay.answers import Problem
from archive.replay.cdxfilters import ALIASES
from archive.replay.cdxlines import Line, Lines, Wanted
from archive.replay.cdxmerged import MergedLines, lines_of
from archive.replay.memento import behind, span
from archive.replay.service import Service

BLOCK = 3_000  # lines of what pywb calls a block, of which a page has several
PAGE = 10  # blocks of a page, unless it is said otherwise
_MOST = 100_000  # lines, unless it is said otherwise: as pywb has it
_MATCHES = ("exact", "prefix", "host", "domain")
_TIMES = re.compile(r"[0-9]{4,14}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_FIELD = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_TRUE = {"1", "true", "yes", "on"}
# What a line of a classic CDX file has, in its order; what is not known is a hyphen.
CLASSIC = (
    *("urlkey", "timestamp", "url", "mime", "status", "digest", "redirect", "robotflags"),
    *("length", "offset", "filename"),
)

Write = Callable[[Line, Sequence[str] | None], str]


def routes(service: Service) -> list[BaseRoute]:
    """The one route."""

    async def cdx(request: Request) -> Response:
        asked = request.query_params
        wanted, write = _wanted(asked), _OUTPUTS.get(asked.get("output") or "cdxj")
        if write is None:
            hint = "; TimeMaps are at /timemap/link/URL" if asked.get("output") == "link" else ""
            raise Problem(400, f"output is one of {', '.join(_OUTPUTS)}{hint}")
        lines = lines_of(service.across, wanted)
        size = _number(asked, "pageSize", PAGE, least=1, most=10_000)
        if _is_true(asked, "showNumPages"):
            number = await service.read(lines.count)
            blocks = -(-number // BLOCK)
            return JSONResponse({"pages": -(-blocks // size), "pageSize": size, "blocks": blocks})
        fields = _fields(asked)
        media_type, line = write
        first = await _first(service, lines)
        if first is None:
            if wanted.match == "exact" and not wanted.filters and not wanted.first:
                raise await service.read(service.across.none, wanted.url)
            raise Problem(404, "no capture is like that")

        async def body() -> AsyncIterator[str]:
            piece: list[Line] | None = first
            while piece is not None:
                yield "".join(line(one, fields) for one in piece)
                piece = await service.read(lines.piece)

        return StreamingResponse(body(), media_type=media_type)

    return [Route("/cdx", cdx)]


async def _first(service: Service, lines: Lines | MergedLines) -> list[Line] | None:
    """The first piece that has a line: what goes wrong before it can still be told."""
    while (piece := await service.read(lines.piece)) is not None:
        if piece:
            return piece
    return None


def _wanted(asked: QueryParams) -> Wanted:
    url, match = asked.get("url", ""), asked.get("matchType", "")
    if not url:
        raise Problem(400, "url is missing: /cdx?url=https://example-news.org/story")
    if not match and url.startswith("*."):
        url, match = url[2:], "domain"
    elif not match and url.endswith("*"):
        url, match = url[:-1], "prefix"
    match = match or "exact"
    if match not in _MATCHES:
        raise Problem(400, f"matchType is one of {', '.join(_MATCHES)}")
    sort, closest = asked.get("sort", ""), asked.get("closest", "")
    if sort not in {"", "default", "reverse", "closest"}:
        raise Problem(400, "sort is reverse or closest")
    if sort == "closest" and not closest:
        raise Problem(400, "sort=closest needs closest=TIMESTAMP")
    if closest and match == "domain":
        raise Problem(400, "closest is for one address, or one host")
    wanted = Wanted(
        archived(url),
        match,
        since=_time(asked, "from") if asked.get("from") else None,
        until=_time(asked, "to", span_end=True) if asked.get("to") else None,
        most=_number(asked, "limit", _MOST, least=1),
        backwards=sort == "reverse" or _is_true(asked, "reverse"),
        closest=_time(asked, "closest") if closest else None,
        origin=_is_true(asked, "resolveRevisits"),
        collapse=_number(asked, "collapseTime", 0, least=1, most=14) if asked.get("collapseTime") else None,
        filters=tuple(asked.getlist("filter")),
    )
    if "page" not in asked:
        return wanted
    rows = BLOCK * _number(asked, "pageSize", PAGE, least=1, most=10_000)
    return replace(wanted, first=rows * _number(asked, "page", 0), rows=rows)


def _time(asked: QueryParams, name: str, *, span_end: bool = False) -> int:
    given = asked[name]
    if not _TIMES.fullmatch(given):
        raise Problem(400, f"{name} is a timestamp of 4 to 14 digits")
    return behind(given) if span_end else span(given)[0]


def _number(asked: QueryParams, name: str, default: int, *, least: int = 0, most: int = 10**9) -> int:
    given = asked.get(name)
    if not given:
        return default
    if not _NUMBER.fullmatch(given) or not least <= int(given) <= most:
        raise Problem(400, f"{name} is a number from {least} to {most}")
    return int(given)


def _is_true(asked: QueryParams, name: str) -> bool:
    return asked.get(name, "").lower() in _TRUE


def _fields(asked: QueryParams) -> tuple[str, ...] | None:
    given = asked.get("fields") or asked.get("fl")
    if not given:
        return None
    named = given.split(",")
    if len(named) > 30 or not all(_FIELD.fullmatch(one) for one in named):
        raise Problem(400, "fl takes names of fields, separated by commas")
    return tuple(ALIASES.get(one, one) for one in named)


def _json(line: Mapping[str, str], fields: Sequence[str] | None) -> str:
    return json.dumps(line if fields is None else {name: line[name] for name in fields if name in line}) + "\n"


def _cdxj(line: Mapping[str, str], fields: Sequence[str] | None) -> str:
    behind_time = {name: value for name, value in line.items() if name not in {"urlkey", "timestamp"}}
    return f"{line['urlkey']} {line['timestamp']} {_json(behind_time, fields)}"


def _text(line: Mapping[str, str], fields: Sequence[str] | None) -> str:
    # A white space would shift the fields behind it.
    return " ".join("".join(line.get(name, "-").split()) or "-" for name in fields or CLASSIC) + "\n"


_OUTPUTS: dict[str, tuple[str, Write]] = {
    "cdxj": ("text/x-cdxj", _cdxj),
    "json": ("application/x-ndjson", _json),
    "text": ("text/plain", _text),
}
