"""``/openapi.json``: what is served, for programs (OpenAPI 3.1); a test holds it against routes and answers."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from archive.replay.cdx import CLASSIC
from archive.replay.service import Service

Told = dict[str, Any]
_PROBLEMS = {
    "400": "what was asked for is not understood",
    "401": "a token is needed",
    "403": "withheld because of what its publisher reserves, or not for pages of other origins",
    "404": "not in the archive",
    "414": "the address is too long",
    "421": "not a name of this archive",
    "431": "more header fields than are read",
    "451": "taken down",
    "500": "stored bytes cannot be read",
    "503": "busy: try again",
}
_MERGED = ("/health", "/openapi.json", "/timegate/", "/timemap/", "/web/", "/cdx")
_DATE = {"type": "string", "description": "as HTTP writes it: Tue, 24 Nov 2026 09:30:00 GMT"}
_LINKED = {"Link": {"description": "web links (RFC 8288)", "schema": {"type": "string"}}}
_STAMP = {"type": "string", "pattern": "^[0-9]{4,14}$", "example": "20261124093000"}


def routes(service: Service) -> list[BaseRoute]:
    """The route of the document."""

    async def openapi(request: Request) -> JSONResponse:
        token, several = service.settings.token is not None, bool(service.parts)
        return JSONResponse(document(service.base(request), token=token, several=several))

    return [Route("/openapi.json", openapi)]


def document(base: str, *, token: bool, several: bool = False) -> Told:
    """The document of an application at an origin; of several archives what is merged. Each has one of its own."""
    made: Told = {
        "openapi": "3.1.0",
        "info": {
            "title": "Presskeep",
            "version": version("presskeep"),
            "summary": "An archive of news sites, read only.",
            "description": "Archived URLs stand at the end of paths as they are, with their query and without being "
            "escaped; to escape the whole is possible, too.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base}],
        "paths": {path: one for path, one in _machines().items() if path.startswith(_MERGED)}
        if several
        else {**_machines(), **_pages()},
        "components": {"schemas": {"Problem": _problem()}},
    }
    if token:
        made["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "query": {"type": "apiKey", "in": "query", "name": "token"},
        }
        made["security"] = [{"bearer": []}, {"query": []}]
    return made


def _machines() -> Told:
    timemap = {"type": "object", "required": ["original_uri", "self", "timegate_uri", "timemap_uri", "mementos"]}
    health = {"type": "object", "required": ["status", "archive", "captures", "attempts", "software"]}
    listed = {"type": "object", "required": ["archive", "files", "kept_back"]}
    payload = {
        "200": {
            "description": "the archived payload; its fields are there as X-Archive-Orig-NAME",
            "headers": {"Memento-Datetime": {"required": True, "schema": _DATE}, **_LINKED},
            "content": {"*/*": {}},
        },
        "302": _redirect("the memento nearest to the timestamp, or the page about it for a browser"),
        "default": {"description": "the archived status, with Memento-Datetime", "content": {"*/*": {}}},
    }
    return {
        "/health": _get("whether the archive can be read", _ok("application/json", health)),
        "/openapi.json": _get("this document", _ok("application/json", {"type": "object"})),
        "/timegate/{url}": _get(
            "TimeGate (RFC 7089): redirects to the memento nearest to a time",
            {"302": _redirect("the memento", Vary="accept-datetime")},
            _url_path(),
            _header("Accept-Datetime", _DATE),
        ),
        "/timemap/link/{url}": _get(
            "TimeMap in link-format", _ok("application/link-format", {"type": "string"}), _url_path()
        ),
        "/timemap/json/{url}": _get("TimeMap in JSON", _ok("application/json", timemap), _url_path()),
        "/web/{timestamp}/{url}": _get("a memento", payload, _stamp_path(), _url_path()),
        "/web/{timestamp}id_/{url}": _get(
            "the exact payload of a capture",
            payload,
            _stamp_path(),
            _url_path(),
            _header("Accept-Encoding", {"type": "string"}),
        ),
        "/cdx": _get("the index of captures, in pywb's parameters", _cdx_answers(), *_cdx_parameters()),
        "/files/": _get("the WARC and WACZ files", _ok("application/json", listed)),
        "/files/warc/{name}": _get(
            "a file, or parts of it", _in_parts(), _path("name", "as /files/ lists it"), *_conditions()
        ),
        "/files/pack.wacz": _get(
            "a part of the archive as one WACZ, made on request",
            _in_parts(),
            _query("url", _repeated({"type": "string"}), "these addresses"),
            _query("site", _repeated({"type": "string"}), "these sites"),
            _query("from", _STAMP, "captured then or later"),
            _query("to", _STAMP, "captured then or before"),
            *_conditions(),
        ),
        "/edits.atom": _get("what publishers changed, as an Atom feed", _ok("application/atom+xml"), *_of_edits()),
        "/edits.jsonl": _get("what publishers changed, as JSON lines", _ok("application/jsonl"), *_of_edits()),
    }


def _pages() -> Told:
    """Pages for people; their parameters are in their links."""
    of_a_url = {
        "article": "the clean article of a URL",
        "captured": "the page as captured",
        "changes": "what changed between two editions",
        "removed": "what was left out of the text, and why",
        "proof": "each sentence with the bytes at which it stands",
        "captures": "all captures of a URL",
    }
    others = {
        "": "the archive at a glance",
        "site": "the articles of a site",
        "sites": "all sites",
        "edits": "edits of the whole archive",
    }
    page = {"200": {"description": "a page", "content": {"text/html": {}}}, "302": _redirect("another page")}
    pages = {f"/{name}": _get(what, page, _query("url", {"type": "string"}, "it")) for name, what in of_a_url.items()}
    pages |= {f"/{name}": _get(what, page) for name, what in others.items()}
    pages["/search"] = _get(
        "a search", page, _query("q", {"type": "string"}, "an address, a site or words of a headline")
    )
    pages["/article/{url}"] = _get("leads to the article of a URL", {"302": _redirect("its page")}, _url_path())
    pages["/static/{version}/{name}"] = _get(
        "files of the pages",
        {"200": {"description": "a file", "content": {"*/*": {}}}},
        _path("version", "of the pages"),
        _path("name", "of the file"),
    )
    return pages


def _get(summary: str, answers: Told, *parameters: Told) -> Told:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}, "text/html": {}}
    problems = {status: {"description": what, "content": problem} for status, what in _PROBLEMS.items()}
    return {"get": {"summary": summary, "parameters": list(parameters), "responses": problems | answers}}


def _problem() -> Told:
    text = {"type": "string"}
    return {
        "description": "RFC 9457",
        "type": "object",
        "required": ["title", "status", "detail"],
        "properties": {"type": text, "title": text, "status": {"type": "integer"}, "detail": text},
    }


def _ok(media_type: str, schema: Told | None = None) -> Told:
    return {"200": {"description": "it", "content": {media_type: {"schema": schema} if schema else {}}}}


def _redirect(to: str, **fields: str) -> Told:
    said = {name: {"schema": {"const": value}} for name, value in fields.items()}
    location = {"required": True, "schema": {"type": "string"}}
    return {"description": f"redirects to {to}", "headers": {"Location": location, **said}}


def _path(name: str, what: str) -> Told:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": what}


def _url_path() -> Told:
    return _path("url", "an archived URL, as it is") | {"example": "https://example-news.org/2026/11/24/bridge-reopens"}


def _stamp_path() -> Told:
    return _path("timestamp", "4 to 14 digits, or 20: UTC") | {"example": "20261124093000"}


def _query(name: str, schema: Told, what: str) -> Told:
    return {"name": name, "in": "query", "schema": schema, "description": what}


def _header(name: str, schema: Told) -> Told:
    return {"name": name, "in": "header", "schema": schema}


def _repeated(items: Told) -> Told:
    return {"type": "array", "items": items, "maxItems": 20}


def _conditions() -> list[Told]:
    return [_header(name, {"type": "string"}) for name in ("Range", "If-Range", "If-None-Match", "If-Modified-Since")]


def _in_parts() -> Told:
    tag = {"ETag": {"required": True, "schema": {"type": "string"}}}
    part = {"Content-Range": {"schema": {"type": "string"}}}
    return {
        "200": {"description": "the whole file", "headers": tag, "content": {"*/*": {}}},
        "206": {"description": "a part, or several", "headers": tag | part, "content": {"*/*": {}}},
        "304": {"description": "as it was", "headers": tag},
        "416": {"description": "no such bytes", "headers": part, "content": {"*/*": {}}},
    }


def _cdx_answers() -> Told:
    pages = {"type": "object", "required": ["pages", "pageSize", "blocks"]}
    forms: Told = {one: {} for one in ("text/x-cdxj", "application/x-ndjson", "text/plain")}
    return {
        "200": {
            "description": "lines, or how many pages there are",
            "content": {**forms, "application/json": {"schema": pages}},
        }
    }


def _cdx_parameters() -> list[Told]:
    number: Told = {"type": "integer", "minimum": 1, "maximum": 10_000}
    flag: Told = {"type": "string", "enum": ["true", "false", "1", "0"]}
    return [
        _query("url", {"type": "string"}, "the address; URL* and *.HOST stand for many") | {"required": True},
        _query("matchType", {"enum": ["exact", "prefix", "host", "domain"]}, "which addresses are meant by it"),
        _query("from", _STAMP, "captured then or later"),
        _query("to", _STAMP, "captured then or before"),
        _query("closest", _STAMP, "the nearest to it come first"),
        _query("sort", {"enum": ["default", "reverse", "closest"]}, "the order"),
        _query("reverse", flag, "the latest first"),
        _query("limit", number, "so many lines at most"),
        _query("filter", _repeated({"type": "string"}), "[!][=|~]field:value"),
        _query("fl", {"type": "string"}, f"only these fields, such as {','.join(CLASSIC[:5])}"),
        _query("fields", {"type": "string"}, "the same"),
        _query("output", {"enum": ["cdxj", "json", "text"]}, "the form"),
        _query("resolveRevisits", flag, "with the place of the payload of revisits"),
        _query("collapseTime", {"type": "integer", "minimum": 1, "maximum": 14}, "one of those that begin so"),
        _query("page", {"type": "integer", "minimum": 0, "maximum": 10_000}, "a page of the index"),
        _query("pageSize", number, "blocks of a page"),
        _query("showNumPages", flag, "how many pages there are"),
    ]


def _of_edits() -> list[Told]:
    return [
        _query("site", _repeated({"type": "string"}), "of these sites"),
        _query("kind", _repeated({"type": "string"}), "of these kinds"),
        _query("silent", {"enum": ["1"]}, "those of which the page says nothing"),
        _query("tests", {"enum": ["1"]}, "with headline tests"),
        _query("since", {"type": "string"}, "7d, a day, a time"),
        _query("until", {"type": "string"}, "the same"),
        _query("limit", {"type": "integer", "minimum": 1, "maximum": 1000}, "so many at most"),
    ]
