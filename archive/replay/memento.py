"""Memento (RFC 7089): ``/timegate/URL``, ``/web/TIMESTAMP/URL``, and the exact payload at ``/web/TIMESTAMPid_/URL``."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute

from archive.clock import from_datetime, to_datetime
from archive.replay.addresses import SECOND, Places, archived, link
from archive.replay.answers import Problem
from archive.replay.moments import Around, Found, Moment
from archive.replay.payload import SANDBOX, Sent, is_large, sent
from archive.replay.rawpath import RawRoute
from archive.replay.service import Service
from archive.url import normalise
from archive.warc.places import ATTACHED

_DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# RFC 7089, section 2.1.1.1: the date of RFC 1123, in GMT; nothing else.
_DATE = re.compile(
    rf"(?:{_DAYS}), ([0-9]{{2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}}) ([0-9]{{2}}):([0-9]{{2}}):([0-9]{{2}}) GMT",
    re.IGNORECASE,
)
_MOMENT = re.compile(r"([0-9]{4,20})([a-z]{2}_)?/(.*)", re.DOTALL)
EXACT = "id_"
_LOWEST = "0001" + "01" * 2 + "00" * 3
# What an archived body must never become in this origin, whoever asks a browser to.
_DESTINATIONS = {"", "empty", "document"}


def routes(service: Service) -> list[BaseRoute]:
    """TimeGate and mementos."""
    mementos = service.across

    async def timegate(request: Request, rest: str) -> Response:
        url = archived(rest)
        given = request.headers.getlist("accept-datetime")
        if len(given) > 1:
            raise Problem(400, "more than one Accept-Datetime was sent")
        at = accepted(given[0]) if given else None
        found = await service.quickly(mementos.nearest, url, at)
        places = Places(service.base(request))
        headers = {
            "Location": places.memento(found.moment.name, found.moment.url),
            "Vary": "accept-datetime",
            "Link": links(places, found, memento=True),
        }
        return Response(status_code=302, headers=headers)

    async def web(request: Request, rest: str) -> Response:
        asked = _MOMENT.fullmatch(rest)
        places = Places(service.base(request))
        if asked is None:
            url = archived(rest)
            return Response(status_code=302, headers={"Location": places.timegate(url)})
        moment, modifier, rest = asked[1], asked[2] or "", asked[3]
        if modifier not in {"", EXACT}:
            raise Problem(404, f"mementos are served as they are, or with the modifier {EXACT}")
        if request.headers.get("sec-fetch-dest", "") not in _DESTINATIONS or "service-worker" in request.headers:
            raise Problem(403, "archived bytes are no part of a page of this origin")
        url, (at, width) = archived(rest), span(moment)
        exact = modifier == EXACT
        found = await service.quickly(mementos.exact, url, at, width, around=not exact or len(moment) != 14)
        navigating = request.headers.get("sec-fetch-mode") == "navigate"
        if not at <= found.capture.at < at + width or len(moment) not in {14, 20}:
            target = places.memento(found.moment.name, found.moment.url, modifier)
            return Response(status_code=302, headers={"Location": target, "Link": links(places, found, memento=True)})
        if navigating and not exact and service.view is not None:
            page = service.view(found.capture.url, found.capture.id)
            return Response(status_code=302, headers={"Location": page, "Vary": "Sec-Fetch-Mode"})
        place = found.capture.referent or found.capture
        lies_here = place.location is not None and not place.location.file.startswith(f"{ATTACHED}/")
        made = await (service.quickly if lies_here and not is_large(found.capture) else service.read)(
            sent, found.capture, request.headers.get("accept-encoding", ""), navigating=navigating
        )
        beyond: str | None = None
        if made.target is not None and normalise(made.target) != found.capture.key:
            beyond = places.memento(found.moment.name, made.target, modifier)
        elif made.target is not None:
            # From http to https, or to a spelling without tracking: one address here, whose redirect would lead to
            # itself for ever. What was there at that time is the page behind it.
            behind = await service.quickly(mementos.behind_redirect, found.capture)
            beyond = None if behind is None else places.memento(behind.name, behind.url, modifier)
        if made.pieces is not None and request.method == "HEAD":
            made = replace(made, body=b"")
        elif made.pieces is not None:
            return _headed(StreamingResponse(_pieces(service, made), made.status), made, places, found, beyond)
        return _headed(Response(made.body, made.status), made, places, found, beyond)

    return [RawRoute("/timegate/", timegate), RawRoute("/web/", web)]


def accepted(given: str) -> int:
    """The time of an Accept-Datetime; raises Problem for a malformed one."""
    found = _DATE.fullmatch(given.strip())
    if found is not None:
        day, month, year, *clock = found.groups()
        numbers = [int(year), [one.lower() for one in _MONTHS].index(month.lower()) + 1, int(day), *map(int, clock)]
        try:
            return from_datetime(_utc(*numbers))
        except ValueError:
            pass
    raise Problem(400, "Accept-Datetime takes a date such as 'Tue, 24 Nov 2026 09:30:00 GMT'")


def _utc(year: int, month: int, day: int, hour: int, minute: int, second: int) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def span(moment: str) -> tuple[int, int]:
    """The time that digits name, and how long it is in microseconds; what is missing is its beginning."""
    number = moment[:14] if len(moment) < 20 else moment
    year, rest = number[:4], number[4:]
    padded = (year + rest + _LOWEST[len(year + rest) :]) if len(number) < 14 else number[:14]
    parts = [int(padded[at:end]) for at, end in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))]
    try:
        parts[2] = min(parts[2], monthrange(parts[0], parts[1])[1])  # the 31st of each month is asked for
        at = from_datetime(_utc(*parts))
    except (ValueError, IndexError) as error:
        raise Problem(
            400, "a timestamp has 14 digits, as 20261124093000 has: year, month, day, hour, minute, second"
        ) from error
    return (at + int(number[14:]), 1) if len(number) == 20 else (at, SECOND)


def behind(moment: str) -> int:
    """The first microsecond behind the time that 4 to 14 digits name: behind that year, month, day, …"""
    at, _ = span(moment)
    step = {4: 366, 5: 31, 6: 31, 7: 1, 8: 1}.get(len(moment))
    if step is None:
        seconds = {9: 3600, 10: 3600, 11: 60, 12: 60}.get(len(moment), 1)
        return at + seconds * SECOND
    try:
        when = to_datetime(at) + timedelta(days=step)
    except OverflowError:  # 9999 is how clients ask for all there is
        return at + step * 24 * 3600 * SECOND
    year, month = when.year, 1 if len(moment) == 4 else when.month
    return from_datetime(when.replace(year=year, month=month, day=1 if len(moment) < 7 else when.day))


def http_date(at: int) -> str:
    """A time as HTTP writes it, to the second."""
    return format_datetime(to_datetime(at), usegmt=True)


def links(places: Places, found: Found, *, memento: bool) -> str:
    """The value of Link for a memento, or for its TimeGate, whose links have the ``memento`` itself among them."""
    url = found.moment.url
    said = [
        link(url, "original"),
        link(places.timegate(url), "timegate"),
        link(places.timemap(url), "timemap", type="application/link-format"),
    ]
    if found.around is not None:
        said += _neighbours(places, found.moment, found.around)
    elif memento:
        said.append(_memento(places, found.moment, "memento"))
    return ", ".join(said)


def _neighbours(places: Places, here: Moment, around: Around) -> list[str]:
    """Each memento once, with all that it is to this one (RFC 7089, section 2.2.6)."""
    named: dict[str, Moment] = {}
    rels: dict[str, list[str]] = {}
    for rel, moment in (
        ("first", around.first), ("last", around.last), ("prev", around.prev), ("next", around.next), ("", here),
    ):  # fmt: skip
        if moment is not None:
            named[moment.name] = moment
            rels.setdefault(moment.name, []).append(rel)
    ordered = sorted(named.values(), key=lambda moment: moment.at)
    return [_memento(places, one, " ".join([*filter(None, rels[one.name]), "memento"])) for one in ordered]


def _memento(places: Places, moment: Moment, rel: str) -> str:
    return link(places.memento(moment.name, moment.url), rel, datetime=http_date(moment.at))


async def _pieces(service: Service, made: Sent) -> AsyncIterator[bytes]:
    """A large payload, a piece at a time: no more of it is in memory, and where it is damaged the answer is cut."""
    assert made.pieces is not None
    yield made.body
    while piece := await service.read(next, made.pieces, b""):
        yield piece


def _headed(response: Response, made: Sent, places: Places, found: Found, target: str | None) -> Response:
    own = [
        ("Memento-Datetime", http_date(found.capture.at)),
        ("Link", links(places, found, memento=True)),
        ("Content-Security-Policy", SANDBOX),
        ("Vary", "Accept-Encoding, Sec-Fetch-Mode, Sec-Fetch-Dest"),
    ]
    if made.pieces is None:
        own.append(("Content-Length", str(len(made.body))))
    if target is not None:
        own.append(("Location", target))
    response.raw_headers = [
        (name.encode("ascii").lower(), value.encode("latin-1")) for name, value in (*made.fields, *own)
    ]
    return response
