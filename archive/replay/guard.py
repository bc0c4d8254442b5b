"""The guard: who may ask at all, and what every answer carries (docs/replay.md, "Safe")."""

from __future__ import annotations

import secrets
from urllib.parse import unquote_to_bytes

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archive.replay.answers import Problem, answer
from archive.replay.service import Service
from archive.replay.settings import name_of

MAX_TARGET = 8_192  # bytes of path and query: longer addresses than any browser sends on
MAX_FIELDS = 100
MAX_HEAD = 32_768  # bytes of all fields
METHODS = ("GET", "HEAD", "OPTIONS")
_YEAR = 365 * 24 * 3600

# What other origins may do with answers, and what pages of the application may do. A route that says another thing in
# one of these keeps it.
_SENT = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-DNS-Prefetch-Control": "off",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",  # what is taken down tomorrow must not lie in a cache
}

FILES = "/files/"
_SHARED = {
    "Access-Control-Allow-Headers": "Range, If-Range, Authorization",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range, ETag, Last-Modified",
    "Access-Control-Max-Age": "600",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def policy(base: str, captured: str | None) -> str:
    """The Content-Security-Policy of the application's own pages.

    Scripts and styles come from ``/static/`` alone: archived bytes have addresses in this origin, and no page may be
    made to load one of them as a script. ``captured`` is the origin of pages as captured, which alone may be framed.
    """
    static = f"{base}/static/"
    rules = {
        "default-src": "'none'",
        "script-src": static,
        "style-src": static,
        "img-src": " ".join(one for one in (static, "data:", captured) if one),
        "font-src": static,
        "connect-src": "'self'",
        "frame-src": captured or "'none'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service
        self._hosts = service.settings.hosts
        self._cookie = f"presskeep-{service.settings.port}"  # cookies know no ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or hand on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope, receive)
        try:
            self._check(scope)
            self._keep_apart(request)
            entered = self._enter(request)
        except Problem as problem:
            if "host" not in request.headers or problem.status == 421:
                # Nothing of what such a request says may stand in an answer.
                plain = Response(problem.detail + "\n", problem.status, media_type="text/plain")
                await plain(scope, receive, self._sealed(None, send))
                return
            refused = answer(self._service, request, problem)
            await refused(scope, receive, self._sealed(request, send))
            return
        sealed = self._sealed(request, send)
        if entered is not None:
            await entered(scope, receive, sealed)
        else:
            await self._app(scope, receive, sealed)

    def _check(self, scope: Scope) -> None:
        """Raise Problem for what nobody who means well asks for."""
        if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET:
            raise Problem(414, f"addresses of more than {MAX_TARGET:,} bytes are not read")
        fields = scope["headers"]
        if len(fields) > MAX_FIELDS or sum(len(name) + len(value) for name, value in fields) > MAX_HEAD:
            raise Problem(431, "the request has more header fields than are read")
        named = [value for name, value in fields if name == b"host"]
        if len(named) != 1 or not self._is_known(name_of(named[0].decode("latin-1"))) or not _is_plain(named[0]):
            # DNS rebinding: a page of somebody else's whose name leads here now.
            raise Problem(421, "the archive is not served under that name: 'presskeep serve --name' allows one")
        if scope["method"] not in METHODS:
            raise Problem(405, "nothing can be changed here", {"Allow": ", ".join(METHODS)})

    def _is_known(self, host: str) -> bool:
        return host in self._hosts

    def _keep_apart(self, request: Request) -> None:
        """Raise Problem where a browser asks on behalf of a page of another origin, but for links that people follow.

        Another port of this host, at which archived pages run, is one, too. Viewers that were named may read files.
        """
        site, mode = request.headers.get("sec-fetch-site", "none"), request.headers.get("sec-fetch-mode", "")
        if site in {"none", "same-origin"} or self._is_viewer(request):
            return
        if mode == "navigate" and request.headers.get("sec-fetch-dest", "document") == "document":
            return
        raise Problem(403, "pages of other origins may not ask: 'presskeep serve --viewer ORIGIN' lets one read files")

    def _is_viewer(self, request: Request) -> bool:
        """Whether a page of an origin asks that may read files, and asks for one."""
        return request.headers.get("origin", "") in self._service.settings.viewers and request.scope["path"].startswith(
            FILES
        )

    def _enter(self, request: Request) -> Response | None:
        """Let a request in that knows the token: None, or the answer that hands it the cookie. Raises Problem."""
        if request.method == "OPTIONS":  # a browser asks so before it asks, and sends no token then
            return Response(status_code=204, headers={"Allow": ", ".join(METHODS)})
        token = self._service.settings.token
        if token is None or request.scope["path"].startswith("/static/"):  # how the page looks that asks for it
            return None
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _same(given.strip(), token):
            return None
        if self._took_from_query(request.scope, token):
            if request.headers.get("sec-fetch-mode") != "navigate":
                return None
            path, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
            response = RedirectResponse(f"{self._service.base(request)}{path}{f'?{query}' if query else ''}", 303)
            response.set_cookie(
                self._cookie,
                token,
                max_age=_YEAR,
                httponly=True,
                samesite="strict",
                secure=self._service.base(request).startswith("https:"),
            )
            return response
        # Another port of this host is the same site to a cookie: of what comes from there, only links count that people
        # follow (`_keep_apart`) and viewers, who are to know the token.
        if not self._is_viewer(request) and _same(request.cookies.get(self._cookie, ""), token):
            return None
        raise Problem(
            401,
            "send the token as 'Authorization: Bearer TOKEN', or open the address that 'presskeep serve' printed",
            {"WWW-Authenticate": 'Bearer realm="presskeep"'},
        )

    def _took_from_query(self, scope: Scope, token: str) -> bool:
        """Whether the token is in the query; it is taken out of it, which may be that of an archived URL."""
        given = scope["query_string"].split(b"&")
        left = [one for one in given if not (one.startswith(b"token=") and _is_token(one[6:], token))]
        scope["query_string"] = b"&".join(left)
        return len(left) < len(given)

    def _sealed(self, request: Request | None, send: Send) -> Send:
        """``send`` that adds to each answer what keeps browsers safe."""
        base = self._service.base(request) if request is not None else ""
        captured = None if request is None else self._service.captured(request)
        allowed = dict(_SENT)
        if request is not None and request.scope["path"].startswith(FILES):
            allowed["Vary"] = "Origin"
            if self._is_viewer(request):
                allowed |= {"Access-Control-Allow-Origin": request.headers["origin"], **_SHARED}

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in allowed.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", policy(base, captured) if base else "default-src 'none'")
            await send(message)

        return sealed


def _same(given: str, token: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())


def _is_token(given: bytes, token: str) -> bool:
    return _same(unquote_to_bytes(given).decode("utf-8", "replace"), token)


def _is_plain(host: bytes) -> bool:
    return all(one.isalnum() or one in ".-_:[]" for one in host.decode("latin-1")) and host.isascii()
