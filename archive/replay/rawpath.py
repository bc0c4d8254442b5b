"""Routes that end in an archived URL, read as it was sent: a router that decodes paths would lose it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

Endpoint = Callable[[Request, str], Awaitable[Response]]


class RawRoute(BaseRoute):
    """All paths that begin with a prefix such as ``/timegate/``; the endpoint is given what follows, as it was sent.

    That is the rest of the path with its escapes, and the query behind its ``?``: ASCII without white space.
    """

    def __init__(self, prefix: str, endpoint: Endpoint) -> None:
        self.path = prefix
        self._prefix = prefix.encode("ascii")
        self._endpoint = endpoint

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for this route."""
        if scope["type"] == "http" and scope["raw_path"].startswith(self._prefix):
            return Match.FULL, {"endpoint": self._endpoint}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        rest = scope["raw_path"][len(self._prefix) :]
        if scope["query_string"]:
            rest += b"?" + scope["query_string"]
        response = await self._endpoint(Request(scope, receive), rest.decode("latin-1"))
        await response(scope, receive, send)
