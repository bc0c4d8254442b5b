"""TimeMaps (RFC 7089, section 5): all mementos of a URL, as ``/timemap/link/URL`` and ``/timemap/json/URL``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from archive.replay.addresses import Places, archived, link, uri
from archive.replay.answers import Problem
from archive.replay.memento import http_date, span
from archive.replay.moments import Moment
from archive.replay.rawpath import RawRoute
from archive.replay.service import Service

PAGE = 5_000  # mementos of one page, less than a megabyte; front pages have tens of thousands
_SINCE = re.compile(r"([0-9]{14})/(?=.)")
_BEGINNING = -(2**62)

Write = Callable[[Places, str, str, Sequence[Moment], Moment | None], Iterator[str]]


def routes(service: Service) -> list[BaseRoute]:
    """Both forms."""

    def timemap(form: str, media_type: str, write: Write) -> RawRoute:
        async def endpoint(request: Request, rest: str) -> Response:
            since = _SINCE.match(rest)
            url = archived(rest[since.end() :] if since else rest)
            begin = span(since[1])[0] if since else _BEGINNING

            def made() -> str:
                moments, following = service.across.listed(url, begin, PAGE)
                named = since[1] if since else ""
                return "".join(write(Places(service.base(request)), url, named, moments, following))

            return Response(await service.quickly(made), media_type=media_type)

        return RawRoute(f"/timemap/{form}/", endpoint)

    async def unknown(_: Request, rest: str) -> Response:
        raise Problem(404, f"TimeMaps are at /timemap/link/URL and /timemap/json/URL, not {rest[:20]!a}")

    return [
        timemap("link", "application/link-format", _in_links),
        timemap("json", "application/json", _in_json),
        RawRoute("/timemap/", unknown),
    ]


def _in_links(
    places: Places, url: str, since: str, moments: Sequence[Moment], following: Moment | None
) -> Iterator[str]:
    """RFC 6690, one link a line; a further page is a link to a TimeMap (RFC 7089, section 5.1.1)."""
    first, last = moments[0], moments[-1]
    kind = "application/link-format"
    yield link(first.url, "original")
    yield ",\n" + link(
        places.timemap(url, "link", since), "self", type=kind, **{"from": http_date(first.at)}, until=http_date(last.at)
    )
    yield ",\n" + link(places.timegate(url), "timegate")
    if since:
        yield ",\n" + link(places.timemap(url), "timemap", type=kind)
    if following is not None:
        further = places.timemap(url, "link", following.name)
        yield ",\n" + link(further, "timemap", type=kind, **{"from": http_date(following.at)})
    for moment in moments:
        rel = _rel(moment, first, last, begins=not since, ends=following is None)
        yield ",\n" + link(places.memento(moment.name, moment.url), rel, datetime=http_date(moment.at))
    yield "\n"


def _rel(moment: Moment, first: Moment, last: Moment, *, begins: bool, ends: bool) -> str:
    said = [*(["first"] if begins and moment is first else []), *(["last"] if ends and moment is last else [])]
    return " ".join([*said, "memento"])


def _in_json(
    places: Places, url: str, since: str, moments: Sequence[Moment], following: Moment | None
) -> Iterator[str]:
    """The form of MemGator and the Time Travel service: http://timetravel.mementoweb.org/guide/api/#memento-json."""
    whole = [_told(places, moment) for moment in moments]
    said: dict[str, object] = {
        "original_uri": uri(moments[0].url),
        "self": places.timemap(url, "json", since),
        "timegate_uri": places.timegate(url),
        "timemap_uri": {form: places.timemap(url, form) for form in ("link", "json")},
        "mementos": {
            **({"first": whole[0]} if not since else {}),
            **({"last": whole[-1]} if following is None else {}),
            "list": whole,
        },
    }
    if following is not None:
        said["next"] = places.timemap(url, "json", following.name)
    yield json.dumps(said) + "\n"


def _told(places: Places, moment: Moment) -> dict[str, str]:
    at = moment.name[:14]
    when = f"{at[:4]}-{at[4:6]}-{at[6:8]}T{at[8:10]}:{at[10:12]}:{at[12:14]}Z"
    return {"datetime": when, "uri": places.memento(moment.name, moment.url)}
